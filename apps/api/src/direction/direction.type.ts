import { GraphQLDateTime } from 'graphql-scalars';
import { Field, Float, ID, Int, ObjectType } from 'type-graphql';

/** A direction that an experiment found, under a name. */
@ObjectType({ description: 'A direction of the residual stream that an experiment found, under a name.' })
export class Direction {
  @Field(() => ID, { description: 'Globally unique id.' })
  id: string;

  @Field(() => String, { description: 'Short unique name; a spec names the direction by it.' })
  slug: string;

  /** The experiment that found it. Not a GraphQL field. */
  experimentId: string;

  @Field(() => String, { description: 'The model that it is of, as the spec of its experiment names it.' })
  modelName: string;

  @Field(() => Int, { description: 'The layer before which it was found.' })
  layer: number;

  @Field(() => String, { description: 'The position at which it was found: a column from the end, or a role.' })
  position: string;

  @Field(() => Float, { description: 'Length of the vector.' })
  norm: number;

  @Field(() => GraphQLDateTime, { description: 'When it got its name.' })
  createdAt: Date;
}

/** One candidate of a direction experiment, with what it does. */
@ObjectType({ description: 'The direction that a selection chose, with its means over pairs.' })
export class SelectedDirection {
  @Field(() => Int, { description: 'Its layer.' })
  layer: number;

  @Field(() => String, { description: 'Its position: a column from the end, or a role.' })
  position: string;

  @Field(() => Float, { description: 'The metric of the clean prompts with it ablated everywhere.' })
  ablation: number;

  @Field(() => Float, { description: 'The metric of the corrupted prompts with it added at its layer.' })
  addition: number;

  @Field(() => Float, { description: "KL divergence of the corrupted prompts' next token under ablation, in nats." })
  kl: number;
}

/** The candidates of a direction experiment: every layer and position. */
@ObjectType({
  description: 'The candidates of a direction experiment, [layer][position]; effects are null where none were tried.',
})
export class DirectionCandidates {
  @Field(() => [Int], { description: 'The layers of the first axis.' })
  layers: number[];

  @Field(() => [String], { description: 'The positions of the second axis: columns from the end, and roles.' })
  positions: string[];

  @Field(() => [[Float]], { description: "The vectors' lengths." })
  norms: number[][];

  @Field(() => [[Float]], {
    nullable: true,
    description: 'Mean metric of the clean prompts with the direction ablated everywhere.',
  })
  ablation: number[][] | null;

  @Field(() => [[Float]], {
    nullable: true,
    description: 'Mean metric of the corrupted prompts with the direction added at its layer.',
  })
  addition: number[][] | null;

  @Field(() => [[Float]], {
    nullable: true,
    description: "Mean KL divergence of the corrupted prompts' next token under ablation, in nats.",
  })
  kl: number[][] | null;

  @Field(() => Float, { description: 'Mean metric of the clean prompts as they are.' })
  baselineClean: number;

  @Field(() => Float, { description: 'Mean metric of the corrupted prompts as they are.' })
  baselineCorrupted: number;

  @Field(() => SelectedDirection, { nullable: true, description: 'The chosen one.' })
  selected: SelectedDirection | null;

  @Field(() => String, { nullable: true, description: 'Why none was chosen, where none was.' })
  unselected: string | null;
}
