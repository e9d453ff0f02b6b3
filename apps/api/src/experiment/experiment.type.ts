import { GraphQLDateTime, GraphQLJSON } from 'graphql-scalars';
import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionOf } from '../relay/connection.ts';

/** The kinds of experiments, as GraphQL names; a spec writes them with hyphens in lower case. */
export const ExperimentKind = {
  ACTIVATIONS: 'activations',
  ACTIVATION_PATCHING: 'activation-patching',
  ATTRIBUTION: 'attribution',
  EDGE_PATCHING: 'edge-patching',
  CIRCUIT_DISCOVERY: 'circuit-discovery',
  CIRCUIT_EVALUATION: 'circuit-evaluation',
  HEAD_SCAN: 'head-scan',
  DIRECTION: 'direction',
  STEERING: 'steering',
  GENERATION: 'generation',
} as const;
export type ExperimentKind = (typeof ExperimentKind)[keyof typeof ExperimentKind];
registerEnumType(ExperimentKind, {
  name: 'ExperimentKind',
  description: 'The kinds of experiments; a spec writes them in lower case with hyphens.',
  valuesConfig: {
    ACTIVATIONS: { description: 'Activations and gradients at chosen hooks.' },
    ACTIVATION_PATCHING: { description: 'The metric after one activation was replaced, for a grid of activations.' },
    ATTRIBUTION: { description: 'Scores of all edges by attribution patching.' },
    EDGE_PATCHING: { description: 'Exact effects of chosen edges.' },
    CIRCUIT_DISCOVERY: { description: 'A small set of edges that carries the behaviour.' },
    CIRCUIT_EVALUATION: { description: 'How faithful a circuit is.' },
    HEAD_SCAN: { description: 'Heads that write the behaviour.' },
    DIRECTION: { description: 'Directions of the residual stream that separate the two sides.' },
    STEERING: { description: 'The metric with a direction added or removed.' },
    GENERATION: { description: 'Completions, with interventions if asked.' },
  },
});

/** Where an experiment stands, or a study. */
export const ExperimentStatus = {
  QUEUED: 'QUEUED',
  RUNNING: 'RUNNING',
  SUCCEEDED: 'SUCCEEDED',
  FAILED: 'FAILED',
  CANCELLED: 'CANCELLED',
} as const;
export type ExperimentStatus = (typeof ExperimentStatus)[keyof typeof ExperimentStatus];
registerEnumType(ExperimentStatus, {
  name: 'ExperimentStatus',
  description: 'Where an experiment stands, or a study.',
  valuesConfig: {
    QUEUED: { description: 'Waiting for what was asked for before it.' },
    RUNNING: { description: 'Running now.' },
    SUCCEEDED: { description: 'Ended; what it found is kept.' },
    FAILED: { description: 'Ended without having found anything; `error` says why.' },
    CANCELLED: { description: 'Stopped on request.' },
  },
});

/** Why an experiment failed. */
@ObjectType({ description: 'Why an experiment failed.' })
export class ExperimentError {
  @Field(() => String, { description: 'A code for programs.' })
  code: string;

  @Field(() => String, { description: 'A sentence that names the value and the fix.' })
  message: string;

  @Field(() => String, { nullable: true, description: 'The path in the spec, such as `pairs[3].answer`.' })
  path: string | null;
}

/** How far an experiment is. */
@ObjectType({ description: 'How far an experiment is.' })
export class ExperimentProgress {
  @Field(() => ID, { description: "The experiment's id." })
  experimentId: string;

  @Field(() => ExperimentStatus, { description: 'Where it stands.' })
  status: ExperimentStatus;

  @Field(() => String, {
    nullable: true,
    description: 'What is being done: `load`, `run` or `merge`; null while it waits.',
  })
  stage: string | null;

  @Field(() => Float, { description: 'Steps of this stage done; a step under way counts by its share.' })
  done: number;

  @Field(() => Int, { description: 'Steps of this stage in all.' })
  total: number;

  @Field(() => Float, { description: 'Share of this stage done, from 0 to 1; 1 once succeeded.' })
  fraction: number;

  @Field(() => ExperimentError, { nullable: true, description: 'Why it failed, once it has.' })
  error: ExperimentError | null;
}

/** A named float32 array of a result. */
@ObjectType({ description: 'A named float32 array of a result; its numbers come with the .safetensors export.' })
export class ArrayInfo {
  @Field(() => String, { description: 'Its name, such as `resid_pre` or `scores`.' })
  name: string;

  @Field(() => [Int], { description: 'Its shape.' })
  shape: number[];
}

/** One run of one specification. */
@ObjectType({ description: 'One run of one specification.' })
export class Experiment {
  @Field(() => ID, { description: 'Globally unique id.' })
  id: string;

  @Field(() => ExperimentKind, { description: 'What is run.' })
  kind: ExperimentKind;

  @Field(() => ExperimentStatus, { description: 'Where it stands.' })
  status: ExperimentStatus;

  @Field(() => ExperimentError, { nullable: true, description: 'Why it failed, if it has.' })
  error: ExperimentError | null;

  @Field(() => GraphQLJSON, { description: 'The specification with every default filled in.' })
  spec: Record<string, unknown>;

  @Field(() => String, { description: 'SHA-256 of the specification: equal specs have equal hashes.' })
  specHash: string;

  @Field(() => String, { description: 'What its numbers measure, in words, such as `logit difference`.' })
  metric: string;

  @Field(() => String, { description: 'The model as the spec names it: a slug or a path.' })
  modelName: string;

  /** The registered model; null where the spec names a path. Not a GraphQL field. */
  modelId: string | null;

  /** The data set; null where the spec holds the pairs itself. Not a GraphQL field. */
  dataSetId: string | null;

  @Field(() => GraphQLDateTime, { description: 'When it was created.' })
  createdAt: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it began to run.' })
  startedAt: Date | null;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it ended, one way or another.' })
  finishedAt: Date | null;

  @Field(() => ExperimentProgress, { description: 'How far it is.' })
  progress: ExperimentProgress;
}

/** One page of experiments. */
export const ExperimentConnection = connectionOf(() => Experiment, 'Experiment');
