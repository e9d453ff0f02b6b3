import { Field, InputType, Int } from 'type-graphql';
import { NodeKind } from './node.type.ts';

/** A range of blocks, both ends included. */
@InputType({ description: 'A range of blocks, both ends included.' })
export class LayerRange {
  @Field(() => Int, { nullable: true, description: 'First block; from the first if left out.' })
  min?: number | null;

  @Field(() => Int, { nullable: true, description: 'Last block; to the last if left out.' })
  max?: number | null;
}

/** Which nodes a filter lets through: every given condition must hold. */
@InputType({ description: 'Which nodes to let through: every given condition must hold.' })
export class NodeFilter {
  @Field(() => [NodeKind], { nullable: true, description: 'One of these kinds.' })
  kinds?: NodeKind[] | null;

  @Field(() => LayerRange, { nullable: true, description: 'In these blocks.' })
  layers?: LayerRange | null;

  @Field(() => [Int], { nullable: true, description: 'One of these heads.' })
  heads?: number[] | null;

  @Field(() => [String], { nullable: true, description: 'One of these names: `a3.h7`, or with the port `a3.h7<q>`.' })
  names?: string[] | null;
}
