import { Field, ObjectType } from 'type-graphql';

/** Where a page of a connection lies in the whole list (Relay's cursor connections). */
@ObjectType({ description: 'Where a page lies in the whole list, as Relay defines it.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether more items follow this page.' })
  hasNextPage: boolean;

  @Field(() => Boolean, { description: 'Whether items come before this page.' })
  hasPreviousPage: boolean;

  @Field(() => String, { nullable: true, description: 'The cursor of the first item of this page.' })
  startCursor: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The cursor of the last item: give it as `after` for the next page.',
  })
  endCursor: string | null;
}
