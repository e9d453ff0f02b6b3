import { Field, Float, Int, ObjectType } from 'type-graphql';

/** What an experiment will take on this server, before it runs. */
@ObjectType({ description: 'What an experiment will take on this server, before it runs.' })
export class CostEstimate {
  @Field(() => Float, {
    nullable: true,
    description: 'Seconds of loading and running; null while the engine is too busy to measure its pace.',
  })
  seconds: number | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'Of these, bringing the weights into memory, if they are not there yet; 0 for a model that is streamed from disk while it runs.',
  })
  loadSeconds: number | null;

  @Field(() => Float, { nullable: true, description: 'Of these, running.' })
  runSeconds: number | null;

  @Field(() => Float, {
    description: 'The most bytes that the engine will have in memory: itself, weights, and activations.',
  })
  peakBytes: number;

  @Field(() => Float, { description: 'Of these, weights.' })
  weightBytes: number;

  @Field(() => Float, { description: 'Of these, activations, of all workers together.' })
  activationBytes: number;

  @Field(() => Float, { description: 'Bytes that the engine may take.' })
  budgetBytes: number;

  @Field(() => Int, { description: 'Parts that workers run by themselves, each a block of pairs.' })
  shards: number;

  @Field(() => Float, {
    description:
      'Tokens that go through the whole model: each layer that a token goes through counts as one over the number of layers.',
  })
  forwardTokens: number;

  @Field(() => Float, { description: 'The same of the way back, which gradients take.' })
  backwardTokens: number;

  @Field(() => Float, {
    description: 'Bytes of weights, as float32, that come from disk while it runs; 0 for a model in memory.',
  })
  diskBytes: number;

  @Field(() => Boolean, {
    description: 'Whether the experiment decides on its way how much it does, so that this is the most.',
  })
  isUpperBound: boolean;

  @Field(() => Boolean, { description: 'Whether it fits the memory that the engine may take; if not, it is refused.' })
  fits: boolean;

  @Field(() => String, { nullable: true, description: 'Where it does not fit, what would.' })
  advice: string | null;
}
