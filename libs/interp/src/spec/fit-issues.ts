/** Mistakes that several kinds can make against a model: layers, heads and columns that it or its prompts do not have. */
import type { ModelConfig } from '@demur/model';
import { headOf } from '../direction/layers.ts';
import type { SpecIssue } from './errors.ts';

export function layerIssues(layers: 'all' | number[], path: string, { nLayers }: ModelConfig): SpecIssue[] {
  return (layers === 'all' ? [] : layers).flatMap((layer, at) =>
    layer < nLayers
      ? []
      : [{ path: `${path}[${at}]`, message: `${layer} is no layer; the model has layers 0 to ${nLayers - 1}` }],
  );
}

export function headIssues(names: readonly string[] = [], { nLayers, nHeads }: ModelConfig): SpecIssue[] {
  return names.flatMap((name, at) => {
    const { layer, head } = headOf(name);
    const message = `"${name}" is no head; the model has layers 0 to ${nLayers - 1}, each with heads 0 to ${nHeads - 1}`;
    return layer < nLayers && head < nHeads ? [] : [{ path: `options.heads[${at}]`, message }];
  });
}

/** @param columns tokens of the longest prompt. */
export function columnIssues(positions: readonly (number | string)[], listPath: string, columns: number): SpecIssue[] {
  const range = `the longest prompt has ${columns} tokens; give columns from 0 to ${columns - 1}, or -${columns} to -1`;
  const taken = new Set<number>();
  return positions.flatMap((position, at) => {
    if (typeof position === 'string') return [];
    const column = position < 0 ? columns + position : position;
    const path = `${listPath}[${at}]`;
    if (column < 0 || column >= columns) return [{ path, message: `${position} is no column: ${range}` }];
    if (taken.has(column)) return [{ path, message: `${position} is column ${column}, which is given already` }];
    taken.add(column);
    return [];
  });
}
