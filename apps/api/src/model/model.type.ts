import { GraphQLDateTime } from 'graphql-scalars';
import { Field, ID, Int, ObjectType } from 'type-graphql';

/** The sizes of a transformer; field names are TransformerLens's. */
@ObjectType({ description: 'The sizes of a transformer.' })
export class ModelShape {
  @Field(() => Int, { description: 'Number of blocks.' })
  nLayers: number;

  @Field(() => Int, { description: 'Query heads a block.' })
  nHeads: number;

  @Field(() => Int, { description: 'Key/value heads a block; as many as query heads for plain multi-head attention.' })
  nKvHeads: number;

  @Field(() => Int, { description: 'Width of the residual stream.' })
  dModel: number;

  @Field(() => Int, { description: 'Width of one head.' })
  dHead: number;

  @Field(() => Int, { description: 'Hidden width of the MLP.' })
  dMlp: number;

  @Field(() => Int, { description: 'Longest context in tokens.' })
  nCtx: number;

  @Field(() => Int, { description: 'Tokens in the vocabulary.' })
  dVocab: number;
}

/** A registered language model: a place on disk with the hash of what lies there. */
@ObjectType({ description: 'A language model registered under a short name.' })
export class Model {
  @Field(() => ID, { description: 'Globally unique id.' })
  id: string;

  @Field(() => String, { description: 'Short unique name; an experiment spec names the model by it.' })
  slug: string;

  @Field(() => String, { description: 'Name for people.' })
  name: string;

  @Field(() => String, {
    description: 'Where the weights lie on this machine: a Hugging Face directory or a GGUF file.',
  })
  path: string;

  @Field(() => String, { description: 'Format of the weights: `huggingface` or `gguf`.' })
  format: string;

  @Field(() => String, { description: 'Architecture family, such as `llama`.' })
  family: string;

  @Field(() => ModelShape, { description: 'Layers, heads and widths.' })
  shape: ModelShape;

  @Field(() => String, { description: 'SHA-256 of the weights: results are tied to it.' })
  weightsSha256: string;

  @Field(() => String, {
    nullable: true,
    description: 'SHA-256 of the tokenizer; null if the model comes without one.',
  })
  tokenizerSha256: string | null;

  @Field(() => String, { nullable: true, description: 'SHA-256 of the chat template; null if there is none.' })
  chatTemplateSha256: string | null;

  @Field(() => String, { nullable: true, description: 'Revision on the Hub, where known.' })
  revision: string | null;

  @Field(() => String, { description: 'Number format of the stored weights, such as `float32` or `Q4_1`.' })
  dtype: string;

  @Field(() => GraphQLDateTime, { description: 'When it was registered.' })
  createdAt: Date;
}
