/** What of a spec can only be checked once its model and pairs are known: layers, heads and columns. Before the first pass. */
import type { ModelConfig } from '@demur/model';
import { kindOf } from '../kinds/index.ts';
import type { Fit } from '../kinds/kind.ts';
import type { ExperimentSpec } from '../spec.ts';
import { SpecError, type SpecIssue } from './errors.ts';
import { layerIssues } from './fit-issues.ts';

/** Throws `SpecError` for what the model, or its prompts, do not have. */
export function requireFit(spec: ExperimentSpec, fit: Fit): void {
  const issues = [...metricIssues(spec, fit.config), ...(kindOf(spec).issues?.(spec, fit) ?? [])];
  if (issues.length > 0) throw new SpecError(issues);
}

/** The layer of a projection, and a metric whose gradient is zero where it is taken. */
function metricIssues(spec: ExperimentSpec, config: ModelConfig): SpecIssue[] {
  const { metric } = spec;
  if (metric === 'kl-divergence' && scoresMethod(spec) === 'eap') return [{ path: 'metric', message: flatAtClean }];
  if (typeof metric === 'string' || !('projection' in metric) || metric.layer === undefined) return [];
  return layerIssues([metric.layer], 'metric.layer', config).map(({ message }) => ({ path: 'metric.layer', message }));
}

/** How a spec has edges scored, where it does. */
function scoresMethod(spec: ExperimentSpec): string | undefined {
  if (spec.kind === 'attribution') return spec.options.method;
  if (spec.kind !== 'circuit-discovery' && spec.kind !== 'circuit-evaluation') return undefined;
  const { scores } = spec.options;
  return scores !== undefined && 'method' in scores ? scores.method : undefined;
}

const flatAtClean =
  '"kl-divergence" is least at the clean run, where "eap" takes its gradient: every score would be 0; use "method": "eap-ig", or another metric';
