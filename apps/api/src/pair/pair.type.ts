import { Field, Float, Int, ObjectType } from 'type-graphql';

/** One token: what the model reads and what a person reads. */
@ObjectType({ description: 'One token: its id and its text.' })
export class Token {
  @Field(() => Int, { description: "Id in the model's vocabulary." })
  id: number;

  @Field(() => String, { description: 'Its exact text; the id in brackets where the model has no tokenizer.' })
  string: string;
}

/** One minimal pair as it ran. */
@ObjectType({ description: 'One minimal pair as it ran: token ids are what ran, text is never encoded again.' })
export class Pair {
  @Field(() => Int, { description: 'Place in the experiment, from 0; the last axis of patching arrays.' })
  index: number;

  @Field(() => [Token], { description: 'The prompt to explain.' })
  clean: Token[];

  @Field(() => [Token], { description: 'Its minimal counterfactual.' })
  corrupted: Token[];

  @Field(() => Token, { description: 'The answer of the clean prompt, such as "Sorry".' })
  answer: Token;

  @Field(() => Token, { description: 'The token it is compared with, such as "Sure".' })
  distractor: Token;

  @Field(() => Int, { description: 'The first position where the two prompts differ.' })
  firstDifference: number;

  @Field(() => Float, {
    nullable: true,
    description: 'The metric of the clean prompt, where the experiment measured it.',
  })
  metricClean: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The metric of the corrupted prompt, where the experiment measured it.',
  })
  metricCorrupted: number | null;
}
