import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';

/** What a node of the computation graph is. */
export const NodeKind = { INPUT: 'INPUT', HEAD: 'HEAD', KV_HEAD: 'KV_HEAD', MLP: 'MLP', LOGITS: 'LOGITS' } as const;
export type NodeKind = (typeof NodeKind)[keyof typeof NodeKind];
registerEnumType(NodeKind, {
  name: 'NodeKind',
  description: "What a node of the model's computation graph is.",
  valuesConfig: {
    INPUT: { description: 'The token embedding: `input`.' },
    HEAD: { description: 'An attention head: `a3.h7`.' },
    KV_HEAD: { description: 'A key/value head that several query heads share: `a3.kv1`.' },
    MLP: { description: 'The MLP of a block: `m3`.' },
    LOGITS: { description: 'The unembedding: `logits`.' },
  },
});

/** A node of the computation graph. */
@ObjectType({ description: "A node of the model's computation graph, named as EAP-IG names it." })
export class Node {
  @Field(() => String, { description: 'Its name: `input`, `a3.h7`, `a3.kv1`, `m3`, `logits`.' })
  name: string;

  @Field(() => NodeKind, { description: 'What it is.' })
  kind: NodeKind;

  @Field(() => Int, { nullable: true, description: 'Its block, from 0; null for the input and the logits.' })
  layer: number | null;

  @Field(() => Int, { nullable: true, description: 'Its head in the block, from 0; null for all but heads.' })
  head: number | null;
}
