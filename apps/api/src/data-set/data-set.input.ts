import { GraphQLJSON } from 'graphql-scalars';
import { Field, InputType } from 'type-graphql';

/** One pair of `createDataSet`. */
@InputType({
  description:
    'A minimal pair. PROMPT = {text} | {messages: [{role, content}]} | {tokens: [ids]}, the first two with {slots: {name: text}} if they have {name} in them; TOKEN = an id or exact text.',
})
export class PairInput {
  @Field(() => GraphQLJSON, { description: 'PROMPT to explain.' })
  clean: unknown;

  @Field(() => GraphQLJSON, { description: 'PROMPT that is its minimal counterfactual, with as many tokens.' })
  corrupted: unknown;

  @Field(() => GraphQLJSON, { description: 'TOKEN that answers the clean prompt.' })
  answer: unknown;

  @Field(() => GraphQLJSON, { description: 'TOKEN it is compared with.' })
  distractor: unknown;

  @Field(() => GraphQLJSON, {
    nullable: true,
    description:
      'Positions of both prompts by the role of their tokens, such as {"object": [12]}; slots give theirs by themselves.',
  })
  roles?: unknown;
}

/** What `createDataSet` needs. */
@InputType({ description: 'A list of minimal pairs to keep under a short name.' })
export class CreateDataSetInput {
  @Field(() => String, { description: 'Short unique name of lower-case letters, digits, dots and hyphens.' })
  slug: string;

  @Field(() => String, { nullable: true, description: 'Name for people; the slug if left out.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'What the pairs contrast.' })
  description?: string | null;

  @Field(() => [PairInput], { description: 'The pairs, at least one.' })
  pairs: PairInput[];
}
