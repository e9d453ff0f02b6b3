import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Port } from '../edge/edge.type.ts';
import { Node } from '../node/node.type.ts';
import { connectionOf } from '../relay/connection.ts';

/** The orders in which effects can be listed. */
export const EdgeEffectOrder = {
  ABSOLUTE_EFFECT_DESC: 'ABSOLUTE_EFFECT_DESC',
  EFFECT_DESC: 'EFFECT_DESC',
  EFFECT_ASC: 'EFFECT_ASC',
  SPEC: 'SPEC',
} as const;
export type EdgeEffectOrder = (typeof EdgeEffectOrder)[keyof typeof EdgeEffectOrder];
registerEnumType(EdgeEffectOrder, {
  name: 'EdgeEffectOrder',
  description: 'The order of a list of effects; equal ones keep the order of the specification.',
  valuesConfig: {
    ABSOLUTE_EFFECT_DESC: { description: 'Strongest first, whatever the sign.' },
    EFFECT_DESC: { description: 'Most positive first.' },
    EFFECT_ASC: { description: 'Most negative first.' },
    SPEC: { description: 'As the specification lists the edges.' },
  },
});

/** What an edge does. */
@ObjectType({ description: 'What an edge does, measured by corrupting it alone.' })
export class EdgeEffect {
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
      "The metric once the sender's contribution to the receiver is the corrupted one, less the clean run's: the mean over pairs.",
  })
  effect: number;

  @Field(() => Int, { description: 'Place among the edges of the experiment by absolute effect, from 1.' })
  rank: number;
}

/** One page of effects. */
export const EdgeEffectConnection = connectionOf(() => EdgeEffect, 'EdgeEffect', 'EdgeEffectConnectionEdge');
