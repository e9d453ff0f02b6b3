import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';

/** Why a completion ended. */
export const FinishReason = { STOP: 'stop', LENGTH: 'length', CONTEXT: 'context' } as const;
export type FinishReason = (typeof FinishReason)[keyof typeof FinishReason];
registerEnumType(FinishReason, {
  name: 'FinishReason',
  description: 'Why a completion ended.',
  valuesConfig: {
    STOP: { description: 'A stop token came.' },
    LENGTH: { description: 'As many tokens as asked for were made.' },
    CONTEXT: { description: "The model's context was full." },
  },
});

/** What the model wrote. */
@ObjectType({ description: 'What the model wrote after a prompt of a steering or generation experiment.' })
export class Completion {
  @Field(() => Int, { description: 'The pair, by its place in the experiment.' })
  pair: number;

  @Field(() => Float, {
    nullable: true,
    description: 'What the direction was multiplied by; null for a generation.',
  })
  coefficient: number | null;

  @Field(() => [Int], { description: 'Token ids, the stop token that ended it included.' })
  tokens: number[];

  @Field(() => String, {
    nullable: true,
    description: 'Its text, without the stop token that ended it; null where the model has no tokenizer.',
  })
  text: string | null;

  @Field(() => FinishReason, { description: 'Why it ended.' })
  finish: FinishReason;
}
