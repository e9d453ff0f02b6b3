import type { ResultJson } from '@demur/interp';
import type { ExactCheck } from './exact-check.type.ts';

/** The check as result.json has it, with those edges marked that are the strongest. */
export function checkOf(result: ResultJson | null): ExactCheck | null {
  if (result?.exactCheck === undefined || result.spec.kind !== 'attribution') return null;
  const { top, random, edges, ...all } = result.exactCheck;
  const { checkExact: count } = result.spec.options;
  return { all, top, random, edges: edges.map((edge, place) => ({ ...edge, isTop: place < count })) };
}
