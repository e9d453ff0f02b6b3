import { Field, Float, ObjectType } from 'type-graphql';
import { Token } from '../pair/pair.type.ts';

/** What the coefficients of a steering experiment do. */
@ObjectType({
  description:
    'Steering: what each coefficient does. Lists have a coefficient an entry; null where it was not measured.',
})
export class SteeringSweep {
  @Field(() => [Float], { description: 'What the direction was multiplied by; 1 for an ablation.' })
  coefficients: number[];

  @Field(() => [[Float]], { description: 'The metric after the prompt, [coefficient, pair].' })
  metric: number[][];

  @Field(() => [Float], { description: 'Its mean over pairs.' })
  mean: number[];

  @Field(() => Float, { nullable: true, description: 'The mean metric of the plain run, with nothing done.' })
  baseline: number | null;

  @Field(() => [Float], {
    nullable: 'itemsAndList',
    description: 'Share of pairs whose metric has another sign than in the plain run; null for a metric of one sign.',
  })
  flips: (number | null)[] | null;

  @Field(() => [Float], {
    nullable: true,
    description: 'KL(plain run ‖ steered run) of the next token in nats, mean over pairs.',
  })
  kl: number[] | null;

  @Field(() => [Float], {
    nullable: 'itemsAndList',
    description: 'Log odds that the next token is one of `refusalTokens`, mean over pairs.',
  })
  logOdds: (number | null)[] | null;

  @Field(() => Float, { nullable: true, description: 'The same of the plain run.' })
  baselineLogOdds: number | null;

  @Field(() => [Token], { description: 'The first tokens of refusing; empty where none were given or found.' })
  refusalTokens: Token[];

  @Field(() => [Float], {
    nullable: true,
    description: 'Share of completions that refuse, by a list of words; null where there are none with a text.',
  })
  refusalShare: number[] | null;

  @Field(() => [[Boolean]], { nullable: true, description: 'Which completions refuse, [coefficient, pair].' })
  refused: boolean[][] | null;
}
