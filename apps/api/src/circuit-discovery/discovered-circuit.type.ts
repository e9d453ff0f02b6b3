import { Field, Float, Int, ObjectType } from 'type-graphql';

/** The circuit that a discovery found. */
@ObjectType({
  description: 'What a circuit discovery found, in numbers; its edges are those of `circuit` that are in it.',
})
export class DiscoveredCircuit {
  @Field(() => String, { description: 'How it was found, as the specification says: `greedy`, `acdc++` ...' })
  method: string;

  @Field(() => String, { description: 'What edges outside of it carry: `corrupted`, `zero` or `mean`.' })
  ablation: string;

  @Field(() => Int, { description: 'How many edges it has.' })
  edgeCount: number;

  @Field(() => Int, { description: 'How many nodes these edges join.' })
  nodeCount: number;

  @Field(() => Int, { description: 'How many edges the whole graph has.' })
  graphEdgeCount: number;

  @Field(() => Float, {
    nullable: true,
    description: '(m(circuit) − m(∅)) / (m(clean) − m(∅)), m the mean metric; null where the two ends are equal.',
  })
  faithfulness: number | null;

  @Field(() => Float, { nullable: true, description: 'The metric of the circuit alone, mean over pairs.' })
  metric: number | null;

  @Field(() => Float, { description: 'The metric of the clean prompts, mean over pairs: faithfulness 1.' })
  baselineClean: number;

  @Field(() => Float, { description: 'The metric with every edge ablated, m(∅): faithfulness 0.' })
  baselineAblated: number;

  @Field(() => Int, { nullable: true, description: 'How many edges ACDC tried; null for other methods.' })
  tested: number | null;

  @Field(() => Int, { nullable: true, description: 'How many passes ACDC took; null for other methods.' })
  passes: number | null;
}
