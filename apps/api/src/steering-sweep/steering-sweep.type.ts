import { Field, Float, ObjectType } from 'type-graphql';

/** The metric over the coefficients of a steering experiment. */
@ObjectType({ description: 'Steering: the metric at each coefficient, and its mean over pairs.' })
export class SteeringSweep {
  @Field(() => [Float], { description: 'What the direction was multiplied by; 1 for an ablation.' })
  coefficients: number[];

  @Field(() => [[Float]], { description: 'The metric after the prompt, [coefficient, pair].' })
  metric: number[][];

  @Field(() => [Float], { description: 'Its mean over pairs, a coefficient an entry.' })
  mean: number[];
}
