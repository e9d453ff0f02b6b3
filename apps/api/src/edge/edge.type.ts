import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Node } from '../node/node.type.ts';
import { connectionOf } from '../relay/connection.ts';

/** Where a receiver reads the sender. */
export const Port = { Q: 'Q', K: 'K', V: 'V', IN: 'IN' } as const;
export type Port = (typeof Port)[keyof typeof Port];
registerEnumType(Port, {
  name: 'Port',
  description: 'Where a receiver reads the sender.',
  valuesConfig: {
    Q: { description: "A head's query input." },
    K: { description: "A head's key input." },
    V: { description: "A head's value input." },
    IN: { description: 'The one input of an MLP or of the logits.' },
  },
});

/** A confidence interval. */
@ObjectType({ description: 'A confidence interval over the pairs.' })
export class Interval {
  @Field(() => Float, { description: 'Lower end.' })
  low: number;

  @Field(() => Float, { description: 'Upper end.' })
  high: number;
}

/** An edge of the computation graph with its score. */
@ObjectType({ description: "An edge of the model's computation graph with its score." })
export class Edge {
  @Field(() => String, { description: "EAP-IG's name: `m0->a1.h2<q>`." })
  name: string;

  @Field(() => Node, { description: 'The node whose output is read.' })
  sender: Node;

  @Field(() => Node, { description: 'The node that reads it.' })
  receiver: Node;

  @Field(() => Port, { description: 'Where the receiver reads it.' })
  port: Port;

  @Field(() => Float, {
    description:
      "Estimated change of the metric when the sender's contribution to the receiver goes from clean to corrupted: negative where the edge speaks for the answer.",
  })
  score: number;

  @Field(() => Int, { description: 'Place among all edges by absolute score, from 1.' })
  rank: number;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether the edge belongs to the circuit; null where no circuit was chosen.',
  })
  inCircuit: boolean | null;

  @Field(() => Interval, {
    nullable: true,
    description: 'Bootstrap interval of the score; null where none was asked for.',
  })
  interval: Interval | null;
}

/** One page of edges: `edges { cursor node { … } }`, or `nodes { … }`. */
export const EdgeConnection = connectionOf(() => Edge, 'Edge', 'EdgeConnectionEdge');

/** A way from one node to another. */
@ObjectType({ description: 'A way through the graph from one node to another.' })
export class Path {
  @Field(() => Float, {
    description: 'The smallest absolute score on the way: a path is as strong as its weakest edge.',
  })
  strength: number;

  @Field(() => [Node], { description: 'The nodes on the way, both ends included.' })
  nodes: Node[];

  @Field(() => [Edge], { description: 'The edges on the way, in order.' })
  edges: Edge[];
}
