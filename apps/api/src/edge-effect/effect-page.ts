/** One page of an edge patching's effects, in an order. */
import { ascendingOrder, descendingOrder, strengthOrder } from '@demur/interp';
import type { Finding } from '../experiment/finding.ts';
import { parseNode, parseReceiver } from '../node/parse-node.ts';
import type { Connection } from '../relay/connection.ts';
import { connection, CursorError, decodeCursor, encodeCursor, pageSize } from '../relay/page.ts';
import type { EdgeEffect, EdgeEffectOrder } from './edge-effect.type.ts';

export interface EffectPageOptions {
  first?: number | null;
  after?: string | null;
  orderBy?: EdgeEffectOrder | null;
}

/** Null for another kind. Throws `PageSizeError`, `CursorError`. */
export async function effectPage(
  { result, array }: Finding,
  options: EffectPageOptions,
): Promise<Connection<EdgeEffect> | null> {
  const { kind, edges: names } = result;
  if (kind !== 'edge-patching' || !Array.isArray(names)) return null;
  const { values } = (await array('effects'))!;
  const orderBy = options.orderBy ?? 'ABSOLUTE_EFFECT_DESC';
  const order = ordered(values, orderBy);
  const ranks = placesOf(ordered(values, 'ABSOLUTE_EFFECT_DESC'));
  const start = startPlace(order.length, orderBy, options.after);
  const page = order.subarray(start, start + pageSize(options.first, 100));
  const edges = Array.from(page, (at, i) => ({
    cursor: encodeCursor(`EFFECT_${orderBy}`, start + i),
    node: effectOf(names[at]!, values[at]!, ranks[at]!),
  }));
  return connection(edges, { before: start, totalCount: order.length });
}

function ordered(effects: Float32Array, orderBy: EdgeEffectOrder): Uint32Array {
  const all = Uint32Array.from(effects.keys());
  if (orderBy === 'SPEC') return all;
  if (orderBy === 'ABSOLUTE_EFFECT_DESC') return strengthOrder(effects, all);
  return (orderBy === 'EFFECT_ASC' ? ascendingOrder : descendingOrder)(effects, all);
}

/** Place of every edge in an order, from 1. */
function placesOf(order: Uint32Array): Uint32Array {
  const places = new Uint32Array(order.length);
  for (const [place, at] of order.entries()) places[at] = place + 1;
  return places;
}

function startPlace(count: number, orderBy: EdgeEffectOrder, after: string | null | undefined): number {
  if (typeof after !== 'string') return 0;
  const place = Number(decodeCursor(`EFFECT_${orderBy}`, after));
  if (!Number.isInteger(place) || place < 0 || place >= count) throw new CursorError(after);
  return place + 1;
}

function effectOf(name: string, effect: number, rank: number): EdgeEffect {
  const [sender = '', receiver = ''] = name.split('->');
  const { node, port } = parseReceiver(receiver);
  return { name, sender: parseNode(sender), receiver: node, port, effect, rank };
}
