import { Field, Float, InputType, registerEnumType } from 'type-graphql';
import { NodeFilter } from '../node/node.input.ts';
import { Port } from './edge.type.ts';

/** The orders in which edges can be listed. */
export const EdgeOrder = {
  ABSOLUTE_SCORE_DESC: 'ABSOLUTE_SCORE_DESC',
  SCORE_DESC: 'SCORE_DESC',
  SCORE_ASC: 'SCORE_ASC',
} as const;
export type EdgeOrder = (typeof EdgeOrder)[keyof typeof EdgeOrder];
registerEnumType(EdgeOrder, {
  name: 'EdgeOrder',
  description: 'The order of a list of edges; equal scores keep the order of senders, then receivers.',
  valuesConfig: {
    ABSOLUTE_SCORE_DESC: { description: 'Strongest first, whatever the sign.' },
    SCORE_DESC: { description: 'Most positive first.' },
    SCORE_ASC: { description: 'Most negative first.' },
  },
});

/** The sign of a score. */
export const Sign = { POSITIVE: 'POSITIVE', NEGATIVE: 'NEGATIVE' } as const;
export type Sign = (typeof Sign)[keyof typeof Sign];
registerEnumType(Sign, {
  name: 'Sign',
  description: 'The sign of a score.',
  valuesConfig: { POSITIVE: { description: 'Above zero.' }, NEGATIVE: { description: 'Below zero.' } },
});

/** Which edges to let through: every given condition must hold. */
@InputType({ description: 'Which edges to let through: every given condition must hold.' })
export class EdgeFilter {
  @Field(() => NodeFilter, { nullable: true, description: 'Condition on the node whose output is read.' })
  sender?: NodeFilter | null;

  @Field(() => NodeFilter, { nullable: true, description: 'Condition on the node that reads it.' })
  receiver?: NodeFilter | null;

  @Field(() => [Port], { nullable: true, description: 'One of these ports.' })
  ports?: Port[] | null;

  @Field(() => Sign, { nullable: true, description: 'Scores of this sign.' })
  sign?: Sign | null;

  @Field(() => Float, { nullable: true, description: 'Absolute score at least this.' })
  minAbsoluteScore?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Edges inside (true) or outside (false) the circuit.' })
  inCircuit?: boolean | null;
}
