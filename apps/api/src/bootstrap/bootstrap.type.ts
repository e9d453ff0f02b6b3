import { Field, Float, Int, ObjectType } from 'type-graphql';

/** An edge of the strongest with how sure its place is. */
@ObjectType({ description: 'One of the strongest edges, and how sure that is.' })
export class ResampledEdge {
  @Field(() => String, { description: "The edge's name: `m0->a1.h2<q>`." })
  name: string;

  @Field(() => Float, { description: 'Its score over all pairs.' })
  score: number;

  @Field(() => Float, { description: 'Lower end of its 95 % interval.' })
  low: number;

  @Field(() => Float, { description: 'Upper end of its 95 % interval.' })
  high: number;

  @Field(() => Float, { description: 'Share of the resamples that have it among as many strongest edges.' })
  frequency: number;
}

/** How sure an attribution is. */
@ObjectType({ description: 'How sure an attribution is: its pairs drawn anew with replacement, many times.' })
export class Bootstrap {
  @Field(() => Int, { description: 'How many times the pairs were drawn.' })
  resamples: number;

  @Field(() => Int, { description: 'How many units there are to draw.' })
  units: number;

  @Field(() => Int, { description: 'Pairs in a unit: more than one where the scores of each pair would not fit.' })
  pairsPerUnit: number;

  @Field(() => Float, {
    description: "Mean Jaccard index of the resamples' sets of strongest edges: 1 where all are the same.",
  })
  stability: number;

  @Field(() => [ResampledEdge], { description: 'The strongest edges, as many as the spec asks for (at most 1,000).' })
  top: ResampledEdge[];
}
