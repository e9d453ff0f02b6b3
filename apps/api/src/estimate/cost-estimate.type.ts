import { Field, Float, Int, ObjectType } from 'type-graphql';

/** What a run will cost, before it runs. */
@ObjectType({
  description: 'What a run will cost, before it runs. Tokens and shards are counted, seconds and bytes estimated.',
})
export class CostEstimate {
  @Field(() => Float, {
    nullable: true,
    description:
      'Seconds, from the floating-point operations and the speed measured in earlier runs of this server; null before the first one.',
  })
  seconds: number | null;

  @Field(() => Float, {
    description: 'Bytes: the weights in float32 plus the residual streams kept for the largest shard.',
  })
  bytes: number;

  @Field(() => Int, { description: 'Independent parts of the run, each a block of pairs.' })
  shards: number;

  @Field(() => Float, { description: 'Tokens that pass forward through a whole model, shared prefixes counted once.' })
  forwardTokens: number;

  @Field(() => Float, { description: 'Tokens whose gradient is computed through a whole model.' })
  backwardTokens: number;
}
