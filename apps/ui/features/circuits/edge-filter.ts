/** The filter of a circuit's edges as it stands in the address, and as the API takes it. The server filters, never the page. */
import type { EdgeFilter, LayerRange, NodeFilter, NodeKind, Port, Sign } from '../../graphql/graphql.ts';

export const kindWords: Record<NodeKind, string> = {
  INPUT: 'input',
  HEAD: 'heads',
  KV_HEAD: 'kv heads',
  MLP: 'MLPs',
  LOGITS: 'logits',
};
export const portWords: Record<Port, string> = { Q: 'q', K: 'k', V: 'v', IN: 'in' };
/** Whether an edge belongs to the chosen circuit, as the address says it. */
export const membershipWords = { yes: 'in it', no: 'outside' } as const;
export const signWords: Record<Sign, string> = { POSITIVE: 'positive', NEGATIVE: 'negative' };

/** All parameters of the filter, for clearing it. */
export const filterParameters = ['from', 'to', 'fromLayers', 'toLayers', 'ports', 'sign', 'min', 'in'] as const;

/** `?from=HEAD.MLP&fromLayers=3-12&ports=Q.K&sign=POSITIVE&min=0.01&in=yes`; what names nothing is left out. */
export function edgeFilter(params: URLSearchParams): EdgeFilter {
  const sign = params.get('sign') ?? '';
  const min = Number.parseFloat(params.get('min') ?? '');
  return compact({
    sender: nodeFilter(params.get('from'), params.get('fromLayers')),
    receiver: nodeFilter(params.get('to'), params.get('toLayers')),
    ports: keysOf(params.get('ports'), portWords),
    sign: Object.hasOwn(signWords, sign) ? (sign as Sign) : undefined,
    minAbsoluteScore: min > 0 && Number.isFinite(min) ? min : undefined,
    inCircuit: { yes: true, no: false }[params.get('in') ?? ''],
  });
}

function nodeFilter(kinds: string | null, layers: string | null): NodeFilter | undefined {
  const filter = compact<NodeFilter>({ kinds: keysOf(kinds, kindWords), layers: layerRange(layers) });
  return Object.keys(filter).length === 0 ? undefined : filter;
}

/** `3-12`, `3-` or `-12`, both ends included. */
export function layerRange(text: string | null): LayerRange | undefined {
  const match = /^(\d*)-(\d*)$/.exec(text ?? '');
  if (!match || text === '-') return undefined;
  const [, min = '', max = ''] = match;
  return compact<LayerRange>({ min: min === '' ? undefined : Number(min), max: max === '' ? undefined : Number(max) });
}

/** The names in `A.B` that the table has; undefined for none, which is no condition. */
export function keysOf<T extends string>(text: string | null, table: Record<T, string>): T[] | undefined {
  const keys = (text ?? '').split('.').filter((key): key is T => Object.hasOwn(table, key));
  return keys.length === 0 ? undefined : keys;
}

function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as T;
}
