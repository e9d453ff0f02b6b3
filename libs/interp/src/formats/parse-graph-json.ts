/** JSON as Python writes graphs: with NaN, and perhaps with a name twice. */
import { CircuitFormatError } from './errors.ts';

/** Parses the text; NaN and infinities become null, which is no score of an edge. @throws CircuitFormatError for text that is no JSON, or has an edge twice */
export function parseGraphJson(text: string): unknown {
  const json = parse(text);
  const { edges } = (json ?? {}) as { edges?: unknown };
  if (typeof edges === 'object' && edges !== null) refuseRepeated(text, Object.keys(edges).length);
  return json;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(/:\s*(NaN|-?Infinity)\b/.test(text) ? text.replace(/(:\s*)(NaN|-?Infinity)\b/g, '$1null') : text);
  } catch (cause) {
    throw new CircuitFormatError('file', `no valid JSON: ${(cause as Error).message}`);
  }
}

/** Parsing keeps the last of two fields of one name without a word. */
function refuseRepeated(text: string, distinct: number): void {
  const field = /"([^"\\]*->[^"\\]*)"\s*:/g;
  let count = 0;
  while (field.test(text)) count++;
  if (count <= distinct) return;
  const seen = new Set<string>();
  for (const [, name] of text.matchAll(field)) {
    if (seen.has(name!))
      throw new CircuitFormatError(`graph.edges.${name}`, `"${name}" is there twice; keep one of them`);
    seen.add(name!);
  }
}
