import { Field, Float, Int, ObjectType } from 'type-graphql';

/** One circuit of a curve. */
@ObjectType({ description: 'One circuit of an evaluation, run alone.' })
export class FaithfulnessPoint {
  @Field(() => Int, { description: 'How many edges it has.' })
  edges: number;

  @Field(() => Float, { description: 'Its share of all edges of the graph, from 0 to 1.' })
  share: number;

  @Field(() => Float, { nullable: true, description: 'The metric of the circuit alone, mean over pairs.' })
  metric: number | null;

  @Field(() => Float, {
    nullable: true,
    description: '(m(circuit) − m(∅)) / (m(clean) − m(∅)), m the mean metric; null where the two ends are equal.',
  })
  faithfulness: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The same of all edges but the circuit’s: near 0 where it is complete; null where not asked for.',
  })
  completeness: number | null;
}

/** Faithfulness by size. */
@ObjectType({ description: 'The faithfulness of circuits of growing size.' })
export class FaithfulnessCurve {
  @Field(() => [FaithfulnessPoint], { description: 'By size, smallest first.' })
  points: FaithfulnessPoint[];

  @Field(() => Int, { description: 'How many edges the graph has.' })
  edgeCount: number;

  @Field(() => String, { description: 'What edges outside of a circuit carry: `corrupted`, `zero` or `mean`.' })
  ablation: string;

  @Field(() => Float, {
    nullable: true,
    description:
      "Circuit performance ratio: the area under the curve, as the MIB benchmark takes it; null where sizes don't span it.",
  })
  cpr: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      "Circuit-model distance: the area between the curve and 1, as the MIB benchmark takes it; null where sizes don't span it.",
  })
  cmd: number | null;

  @Field(() => Float, { description: 'The metric of the clean prompts, mean over pairs: faithfulness 1.' })
  baselineClean: number;

  @Field(() => Float, { description: 'The metric with every edge ablated, m(∅): faithfulness 0.' })
  baselineAblated: number;
}
