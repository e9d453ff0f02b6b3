import { GraphQLDateTime, GraphQLJSON } from 'graphql-scalars';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { connectionOf } from '../relay/connection.ts';

/** A pair as it was given, before any model's tokenizer has seen it. */
@ObjectType({ description: 'A minimal pair as it was given, before any tokenizer has seen it.' })
export class DataSetPair {
  @Field(() => Int, { description: 'Place in the data set, from 0.' })
  index: number;

  @Field(() => GraphQLJSON, { description: 'The prompt to explain: {text}, {messages} or {tokens}.' })
  clean: unknown;

  @Field(() => GraphQLJSON, { description: 'Its minimal counterfactual: {text}, {messages} or {tokens}.' })
  corrupted: unknown;

  @Field(() => GraphQLJSON, { description: 'The answer token of the clean prompt: an id or its exact text.' })
  answer: unknown;

  @Field(() => GraphQLJSON, { description: 'The token it is compared with: an id or its exact text.' })
  distractor: unknown;

  @Field(() => GraphQLJSON, { nullable: true, description: 'Positions by role, where the pair gives some.' })
  roles: unknown;

  @Field(() => String, { description: 'The clean prompt in one line for people.' })
  cleanText: string;

  @Field(() => String, { description: 'The corrupted prompt in one line for people.' })
  corruptedText: string;
}

/** One page of a data set's pairs. */
export const DataSetPairConnection = connectionOf(() => DataSetPair, 'DataSetPair');

/** A named list of minimal pairs. */
@ObjectType({ description: 'A named list of minimal pairs.' })
export class DataSet {
  @Field(() => ID, { description: 'Globally unique id.' })
  id: string;

  @Field(() => String, { description: 'Short unique name; an experiment spec names the data set by it.' })
  slug: string;

  @Field(() => String, { description: 'Name for people.' })
  name: string;

  @Field(() => String, { nullable: true, description: 'What the pairs contrast.' })
  description: string | null;

  @Field(() => Boolean, {
    name: 'builtIn',
    description: 'Whether it comes with demur: its pairs are made for the model that an experiment runs.',
  })
  isBuiltIn: boolean;

  @Field(() => Int, { nullable: true, description: 'Number of pairs; null where that depends on the model.' })
  size: number | null;

  @Field(() => GraphQLDateTime, {
    nullable: true,
    description: 'When it was created; null for one that comes with demur.',
  })
  createdAt: Date | null;
}
