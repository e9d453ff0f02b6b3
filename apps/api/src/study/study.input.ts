import { Field, InputType, Int } from 'type-graphql';
import { ExperimentStatus } from '../experiment/experiment.type.ts';
import { StudyName } from './study.type.ts';

/** What `createStudy` needs. */
@InputType({ description: 'Which study to make, of which model, on which pairs.' })
export class CreateStudyInput {
  @Field(() => StudyName, { description: 'Which study.' })
  name: StudyName;

  @Field(() => String, { description: 'The model: the slug of a registered one, a path or a Hub id.' })
  model: string;

  @Field(() => String, { defaultValue: 'refusal', description: 'The slug of the data set.' })
  dataSet: string;

  @Field(() => Int, { defaultValue: 0, description: 'The seed of what its experiments draw.' })
  seed: number;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Goes on where the metric hardly tells the two groups of prompts apart, instead of stopping there.',
  })
  evenIfMixed: boolean;
}

/** Which studies to list: every given condition must hold. */
@InputType({ description: 'Which studies to list: every given condition must hold.' })
export class StudyFilter {
  @Field(() => [StudyName], { nullable: true, description: 'One of these.' })
  names?: StudyName[] | null;

  @Field(() => [ExperimentStatus], { nullable: true, description: 'In one of these states.' })
  statuses?: ExperimentStatus[] | null;

  @Field(() => String, { nullable: true, description: 'On the model with this slug.' })
  model?: string | null;

  @Field(() => String, { nullable: true, description: 'On the data set with this slug.' })
  dataSet?: string | null;
}
