/** What of a spec can only be checked once its model and pairs are known: layers and columns. Before the first pass. */
import type { ModelConfig } from '@demur/model';
import { edgeIssues } from '../edges/edge-list.ts';
import { headOf } from '../direction/layers.ts';
import type { ExperimentSpec } from '../spec.ts';
import { SpecError, type SpecIssue } from './errors.ts';
import { hookMistake } from './hook-mistake.ts';

/** Throws `SpecError` for the first thing that the model, or prompts of at most `columns` tokens, do not have. */
export function requireFit(spec: ExperimentSpec, config: ModelConfig, columns: number): void {
  const issues = fitIssues(spec, config, columns);
  if (issues.length > 0) throw new SpecError(issues);
}

function fitIssues(spec: ExperimentSpec, config: ModelConfig, columns: number): SpecIssue[] {
  return [...metricIssues(spec, config), ...optionIssues(spec, config, columns)];
}

/** The layer of a projection, and a metric whose gradient is zero where it is taken. */
function metricIssues(spec: ExperimentSpec, config: ModelConfig): SpecIssue[] {
  const { metric } = spec;
  if (metric === 'kl-divergence' && spec.kind === 'attribution' && spec.options.method === 'eap')
    return [{ path: 'metric', message: flatAtClean }];
  if (typeof metric === 'string' || !('projection' in metric) || metric.layer === undefined) return [];
  return layerIssues([metric.layer], 'metric.layer', config).map(({ message }) => ({ path: 'metric.layer', message }));
}

const flatAtClean =
  '"kl-divergence" is least at the clean run, where "eap" takes its gradient: every score would be 0; use "method": "eap-ig", or another metric';

function optionIssues(spec: ExperimentSpec, config: ModelConfig, columns: number): SpecIssue[] {
  switch (spec.kind) {
    case 'activations':
      return hookIssues(spec.options.names, spec.options.gradients, config);
    case 'activation-patching':
      return typeof spec.options.positions === 'string' ? [] : columnIssues(spec.options.positions, columns);
    case 'attribution':
      return [];
    case 'edge-patching':
      return edgeIssues(spec.options, config);
    case 'direction':
      return [...layerIssues(spec.options.layers, 'options.layers', config), ...headIssues(spec.options.heads, config)];
    case 'steering':
      return layerIssues(spec.options.layers, 'options.layers', config);
    case 'generation':
      return spec.options.interventions.flatMap(({ layers }, i) =>
        layerIssues(layers, `options.interventions[${i}].layers`, config),
      );
  }
}

function hookIssues(names: string[], gradients: boolean, config: ModelConfig): SpecIssue[] {
  return names.flatMap((name, at) => {
    const message = hookMistake(name, gradients, config);
    return message === undefined ? [] : [{ path: `options.names[${at}]`, message }];
  });
}

function layerIssues(layers: 'all' | number[], path: string, { nLayers }: ModelConfig): SpecIssue[] {
  return (layers === 'all' ? [] : layers).flatMap((layer, at) =>
    layer < nLayers
      ? []
      : [{ path: `${path}[${at}]`, message: `${layer} is no layer; the model has layers 0 to ${nLayers - 1}` }],
  );
}

function headIssues(names: readonly string[] = [], { nLayers, nHeads }: ModelConfig): SpecIssue[] {
  return names.flatMap((name, at) => {
    const { layer, head } = headOf(name);
    const message = `"${name}" is no head; the model has layers 0 to ${nLayers - 1}, each with heads 0 to ${nHeads - 1}`;
    return layer < nLayers && head < nHeads ? [] : [{ path: `options.heads[${at}]`, message }];
  });
}

function columnIssues(positions: readonly (number | string)[], columns: number): SpecIssue[] {
  const range = `the longest prompt has ${columns} tokens; give columns from 0 to ${columns - 1}, or -${columns} to -1`;
  const taken = new Set<number>();
  return positions.flatMap((position, at) => {
    if (typeof position === 'string') return [];
    const column = position < 0 ? columns + position : position;
    const path = `options.positions[${at}]`;
    if (column < 0 || column >= columns) return [{ path, message: `${position} is no column: ${range}` }];
    if (taken.has(column)) return [{ path, message: `${position} is column ${column}, which is given already` }];
    taken.add(column);
    return [];
  });
}
