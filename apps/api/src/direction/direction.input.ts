import { Field, ID, InputType, Int } from 'type-graphql';

/** What `nameDirection` needs. */
@InputType({ description: 'Which direction of which experiment gets which name.' })
export class NameDirectionInput {
  @Field(() => String, { description: 'Short unique name of lower-case letters, digits, dots and hyphens.' })
  slug: string;

  @Field(() => ID, { description: 'An experiment of the kind DIRECTION that has succeeded.' })
  experiment: string;

  @Field(() => Int, { nullable: true, description: 'Its layer; the chosen direction if left out.' })
  layer?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Its position, a column from the end or a role; needed where the experiment has several.',
  })
  position?: string | null;
}
