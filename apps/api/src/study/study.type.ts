import { GraphQLDateTime } from 'graphql-scalars';
import { Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Experiment, ExperimentError, ExperimentStatus } from '../experiment/experiment.type.ts';
import { connectionOf } from '../relay/connection.ts';

/** The studies, as GraphQL names; the command writes them with hyphens in lower case. */
export const StudyName = {
  OBJECT_PATCHING: 'object-patching',
  LAYER_CURVE: 'layer-curve',
  EAP_HEADS: 'eap-heads',
  ACDCPP: 'acdcpp',
  REFUSAL_HEADS: 'refusal-heads',
  GEMMA_REPLICATION: 'gemma-replication',
} as const;
export type StudyName = (typeof StudyName)[keyof typeof StudyName];
registerEnumType(StudyName, {
  name: 'StudyName',
  description: 'The studies; the command writes them in lower case with hyphens.',
  valuesConfig: {
    OBJECT_PATCHING: { description: 'Whether the harmful object alone makes the model refuse.' },
    LAYER_CURVE: { description: 'At which layers, and at which tokens, the refusal can be patched in.' },
    EAP_HEADS: { description: 'Which edges between heads carry the refusal, by attribution patching.' },
    ACDCPP: { description: 'A small circuit of the refusal, pruned by attribution, then by ACDC.' },
    REFUSAL_HEADS: { description: 'Which heads write the refusal, alone and together.' },
    GEMMA_REPLICATION: { description: 'The experiments on Gemma-2: patching, heads, and steering both ways.' },
  },
});

/** A study that can be asked for. */
@ObjectType({ description: 'A study that can be asked for.' })
export class StudyKind {
  @Field(() => StudyName, { description: 'Its name.' })
  name: StudyName;

  @Field(() => String, { description: 'Its title.' })
  title: string;

  @Field(() => String, { description: 'What it asks, as a sentence.' })
  question: string;
}

/** How far a study is. */
@ObjectType({ description: 'How far a study is: the step that it is at.' })
export class StudyProgress {
  @Field(() => String, { description: 'The name of the step, such as `contrast`.' })
  step: string;

  @Field(() => String, { description: 'The title of the step.' })
  title: string;

  @Field(() => Int, { description: 'Its place, counted from 1.' })
  index: number;

  @Field(() => Int, { description: 'Steps that the study may take; it can leave some out.' })
  total: number;
}

/** One experiment of a study. */
@ObjectType({ description: 'One step of a study.' })
export class StudyStep {
  @Field(() => String, { description: 'Its name, such as `contrast`.' })
  name: string;

  @Field(() => String, { description: 'Its title.' })
  title: string;

  @Field(() => Experiment, { description: 'The experiment, which may have been there before the study.' })
  experiment: Experiment;
}

/** A few experiments on one model and data set, and the report that is made of them. */
@ObjectType({ description: 'A few experiments on one model and data set, and the report that is made of them.' })
export class Study extends StudyKind {
  @Field(() => ID, { description: 'Globally unique id.' })
  id: string;

  @Field(() => ExperimentStatus, {
    description: 'Where it stands, as an experiment does. One that `stopped` has SUCCEEDED as well.',
  })
  status: ExperimentStatus;

  @Field(() => StudyProgress, {
    nullable: true,
    description: 'The step that it is at or ended at; null before the first.',
  })
  progress: StudyProgress | null;

  @Field(() => ExperimentError, { nullable: true, description: 'Why it failed, and in which step, if it has.' })
  error: ExperimentError | null;

  @Field(() => String, {
    nullable: true,
    description: 'Why it went no further than asking whether the model refuses; null for one that did.',
  })
  stopped: string | null;

  @Field(() => String, { description: 'The model as it was asked for: a slug, a path or a Hub id.' })
  modelName: string;

  /** The registered model; null where a path was named. Not a GraphQL field. */
  modelId: string | null;

  @Field(() => String, { description: 'The slug of the data set.' })
  dataSetName: string;

  /** Not a GraphQL field. */
  dataSetId: string | null;

  @Field(() => Int, { description: 'The seed of what its experiments draw.' })
  seed: number;

  @Field(() => Boolean, {
    description: 'Whether it was to go on where the metric hardly tells the two groups of prompts apart.',
  })
  evenIfMixed: boolean;

  @Field(() => GraphQLDateTime, { description: 'When it was asked for.' })
  createdAt: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it began to run.' })
  startedAt: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it ended, one way or another.' })
  finishedAt: Date | null;
}

/** One page of studies. */
export const StudyConnection = connectionOf(() => Study, 'Study');
