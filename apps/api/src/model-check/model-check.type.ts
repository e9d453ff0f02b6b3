import { GraphQLDateTime } from 'graphql-scalars';
import { Field, Float, ID, ObjectType, registerEnumType } from 'type-graphql';
import { ExperimentError } from '../experiment/experiment.type.ts';

/** Where a check of a model stands. */
export const ModelCheckStatus = { QUEUED: 'QUEUED', RUNNING: 'RUNNING', ENDED: 'ENDED', FAILED: 'FAILED' } as const;
export type ModelCheckStatus = (typeof ModelCheckStatus)[keyof typeof ModelCheckStatus];
registerEnumType(ModelCheckStatus, {
  name: 'ModelCheckStatus',
  description: 'Where a check of a model stands.',
  valuesConfig: {
    QUEUED: { description: 'Waiting for the engine.' },
    RUNNING: { description: 'Running now.' },
    ENDED: { description: 'Made; `passed` says how it went.' },
    FAILED: { description: 'It could not be made; `error` says why.' },
  },
});

/** How one check went. */
export const CheckOutcome = { PASSED: 'passed', FAILED: 'failed', SKIPPED: 'skipped' } as const;
export type CheckOutcome = (typeof CheckOutcome)[keyof typeof CheckOutcome];
registerEnumType(CheckOutcome, {
  name: 'CheckOutcome',
  description: 'How one check went.',
  valuesConfig: {
    PASSED: { description: 'What it measured is within the tolerance.' },
    FAILED: { description: 'What it measured is beyond the tolerance, or no number.' },
    SKIPPED: { description: 'It cannot be made with this model; `detail` says why.' },
  },
});

/** One check: what holds when it passes, and what it has measured. */
@ObjectType({ description: 'One check: what holds when it passes, and what it has measured.' })
export class ModelCheckResult {
  @Field(() => String, { description: 'Its name, such as `causality`.' })
  name: string;

  @Field(() => String, { description: 'What holds when it passes, in one sentence.' })
  says: string;

  @Field(() => CheckOutcome, { description: 'How it went.' })
  status: CheckOutcome;

  @Field(() => Float, { description: 'The greatest difference that passes, as a share of the greatest value.' })
  tolerance: number;

  @Field(() => Float, {
    nullable: true,
    description:
      'The greatest difference found, as a share of the greatest value; null where it was skipped or no number came out.',
  })
  measured: number | null;

  @Field(() => String, { description: 'What was farthest off, or why it was skipped.' })
  detail: string;
}

/** All checks of a model on a backend, asked for once. */
@ObjectType({ description: 'All checks of a model on a backend.' })
export class ModelCheck {
  @Field(() => ID, { description: 'Globally unique id.' })
  id: string;

  @Field(() => ModelCheckStatus, { description: 'Where it stands.' })
  status: ModelCheckStatus;

  @Field(() => Float, { description: 'The share of the checks that are made, from 0 to 1.' })
  fraction: number;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether every check that could be made has passed; null until it has ended.',
  })
  passed: boolean | null;

  @Field(() => String, { nullable: true, description: 'What computed, such as `tensorflow`; null until it has ended.' })
  backend: string | null;

  @Field(() => String, { nullable: true, description: "The backend's version; null until it has ended." })
  backendVersion: string | null;

  @Field(() => String, { nullable: true, description: 'The version of demur; null until it has ended.' })
  version: string | null;

  @Field(() => Boolean, {
    description: 'Whether it is of the weights that are registered now; true while it waits or runs.',
  })
  isCurrent: boolean;

  @Field(() => ExperimentError, { nullable: true, description: 'Why it could not be made.' })
  error: ExperimentError | null;

  @Field(() => [ModelCheckResult], { description: 'The single checks; none until it has ended.' })
  results: ModelCheckResult[];

  @Field(() => GraphQLDateTime, { description: 'When it was asked for.' })
  createdAt: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'When it ended.' })
  finishedAt: Date | null;
}
