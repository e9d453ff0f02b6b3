import { Field, Float, Int, ObjectType } from 'type-graphql';
import { Circuit } from '../circuit/circuit.type.ts';
import { Edge } from '../edge/edge.type.ts';

/** An edge that both circuits have among their strongest. */
@ObjectType({ description: 'An edge that both circuits have among their strongest.' })
export class SharedEdge {
  @Field(() => String, { description: "The edge's name." })
  name: string;

  @Field(() => Edge, { description: 'As the first circuit scores it.' })
  a: Edge;

  @Field(() => Edge, { description: 'As the second circuit scores it.' })
  b: Edge;
}

/** Two circuits side by side. */
@ObjectType({ description: 'Two circuits side by side, edges matched by name.' })
export class CircuitComparison {
  @Field(() => Circuit, { description: 'The first circuit.' })
  a: Circuit;

  @Field(() => Circuit, { description: 'The second circuit.' })
  b: Circuit;

  @Field(() => Int, {
    description:
      'How many of the strongest edges of each were compared at most; where a circuit was chosen, edges in it alone.',
  })
  top: number;

  @Field(() => Float, { description: 'Shared edges over all edges among the strongest of both.' })
  jaccard: number;

  @Field(() => Float, {
    nullable: true,
    description:
      "Spearman's correlation of the scores over all edges that both graphs have; null where one of them is constant.",
  })
  rankCorrelation: number | null;

  @Field(() => Int, { description: 'How many edges both graphs have, strong or not.' })
  commonEdgeCount: number;

  @Field(() => [SharedEdge], { description: 'Among the strongest of both, by rank in the first.' })
  shared: SharedEdge[];

  @Field(() => [Edge], { description: 'Among the strongest of the first alone, by rank.' })
  onlyInA: Edge[];

  @Field(() => [Edge], { description: 'Among the strongest of the second alone, by rank.' })
  onlyInB: Edge[];
}
