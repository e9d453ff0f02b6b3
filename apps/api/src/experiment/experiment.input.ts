import { Field, InputType } from 'type-graphql';
import { ExperimentKind, ExperimentStatus } from './experiment.type.ts';

/** Which experiments to list: every given condition must hold. */
@InputType({ description: 'Which experiments to list: every given condition must hold.' })
export class ExperimentFilter {
  @Field(() => [ExperimentKind], { nullable: true, description: 'One of these kinds.' })
  kinds?: ExperimentKind[] | null;

  @Field(() => [ExperimentStatus], { nullable: true, description: 'In one of these states.' })
  statuses?: ExperimentStatus[] | null;

  @Field(() => String, { nullable: true, description: 'On the model with this slug.' })
  model?: string | null;

  @Field(() => String, { nullable: true, description: 'On the data set with this slug.' })
  dataSet?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'With this text in the specification (its prompts too) or the id, in any case.',
  })
  search?: string | null;
}
