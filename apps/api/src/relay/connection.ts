import { Field, Int, ObjectType, type ClassType } from 'type-graphql';
import { PageInfo } from './page-info.type.ts';

/** One item of a page with its cursor. */
export interface ConnectionEdge<Item> {
  cursor: string;
  node: Item;
}

/** One page of a list. */
export interface Connection<Item> {
  edges: ConnectionEdge<Item>[];
  nodes: Item[];
  pageInfo: PageInfo;
  totalCount: number;
}

/** The GraphQL types `<name>Connection` and `<name>Edge` (or `edgeName`) for pages of `item`. */
export function connectionOf<Item extends object>(
  item: () => ClassType<Item>,
  name: string,
  edgeName = `${name}Edge`,
): new () => Connection<Item> {
  @ObjectType(edgeName, { description: `One item of ${name}Connection with its cursor.` })
  class ItemEdge implements ConnectionEdge<Item> {
    @Field(() => String, { description: 'Give it as `after` to continue behind this item.' })
    cursor: string;

    @Field(item, { description: 'The item itself.' })
    node: Item;
  }

  @ObjectType(`${name}Connection`, { description: `One page of a list of ${name} items.` })
  class ItemConnection implements Connection<Item> {
    @Field(() => [ItemEdge], { description: 'The items of this page with their cursors.' })
    edges: ItemEdge[];

    @Field(() => [item()], { description: 'The items of this page without cursors.' })
    nodes: Item[];

    @Field(() => PageInfo, { description: 'Whether there is more, and the cursor to go on from.' })
    pageInfo: PageInfo;

    @Field(() => Int, { description: 'How many items the filter lets through, over all pages.' })
    totalCount: number;
  }
  return ItemConnection;
}
