/** Which grids an activation-patching experiment has and what their axes are; read from shapes, without the numbers. */
import { SITE_HEADS, type PatchSite, type ResultJson } from '@demur/interp';
import type { GridAxis, PatchingGrid } from './patching-grid.type.ts';

/** Means of the two baselines over pairs. */
export interface Baselines {
  clean: number;
  corrupted: number;
}

/** A grid for each array that is one, in the order of the spec. */
export function gridsOf(options: {
  experimentId: string;
  result: ResultJson;
  shapes: ReadonlyMap<string, number[]>;
  baselines: Baselines;
}): PatchingGrid[] {
  const { experimentId, result, shapes, baselines } = options;
  if (result.spec.kind !== 'activation-patching') return [];
  const { activations, direction } = result.spec.options;
  return activations.flatMap((activation) => {
    const shape = shapes.get(activation);
    if (shape === undefined) return [];
    return {
      ...{ experimentId, activation, direction },
      ...axes(result, activation, shape),
      baselineClean: baselines.clean,
      baselineCorrupted: baselines.corrupted,
      pairCount: shape.at(-1)!,
    };
  });
}

/** [layer, column, pair], or [layer, head, column, pair] with every head of every layer as a row. */
function axes(result: ResultJson, activation: PatchSite, shape: number[]): { rows: GridAxis; columns: GridAxis } {
  const [layers = 0, second = 0, third = 0] = shape;
  const layerLabels = labels(layers, (layer) => `L${layer}`);
  const heads = SITE_HEADS[activation];
  const head = heads === 'nKvHeads' ? 'kv' : 'h';
  if (shape.length === 4) {
    const all = labels(layers, String).flatMap((layer) => labels(second, (at) => `a${layer}.${head}${at}`));
    return { rows: { kind: 'HEAD', labels: all }, columns: positionAxis(result, third) };
  }
  const rows: GridAxis = { kind: 'LAYER', labels: layerLabels };
  if (heads === null) return { rows, columns: positionAxis(result, second) };
  return { rows, columns: { kind: 'HEAD', labels: labels(second, (at) => `${head}${at}`) } };
}

function labels(length: number, label: (index: number) => string): string[] {
  return Array.from({ length }, (_, index) => label(index));
}

/** The tokens of the longest pair where columns are its positions; else what the spec calls the positions. */
function positionAxis(result: ResultJson, length: number): GridAxis {
  const tokens = tokenLabels(result);
  const positions = result.spec.kind === 'activation-patching' ? result.spec.options.positions : 'each';
  if (positions === 'each') return { kind: 'POSITION', labels: tokens.slice(-length) };
  if (typeof positions === 'string') return { kind: 'POSITION', labels: [positions] };
  const label = (position: number | string): string | undefined =>
    typeof position === 'string' ? position : tokens.at(position);
  return { kind: 'POSITION', labels: positions.map((position) => label(position) ?? String(position)) };
}

function tokenLabels({ pairs }: ResultJson): string[] {
  const longest = pairs.reduce((best, pair) => (pair.clean.tokens.length > best.clean.tokens.length ? pair : best));
  const { clean, corrupted } = longest;
  return clean.strings.map((text, position) => {
    const other = corrupted.strings[position]!;
    return clean.tokens[position] === corrupted.tokens[position] ? text : `${text}/${other}`;
  });
}
