/** A small experiment of every kind, with every round that it can have: for what must hold of all of them. */
import type { ExperimentKind } from '@demur/interp';

type Experiment = [name: string, kind: ExperimentKind, options: object];

/** For models of three layers or more. @param dModel of the model: the directions' length */
export function everyKind(dModel: number): Experiment[] {
  const direction = { values: Array.from({ length: dModel }, (_, i) => Math.sin(i)) };
  const scores = { method: 'eap' };
  const named: Partial<Record<ExperimentKind, Record<string, object>>> = {
    activations: { '': { names: ['blocks.*.hook_resid_pre'], gradients: true, logits: 'last' } },
    'activation-patching': { '': { activations: ['resid_pre', 'z'], positions: 'each' } },
    attribution: { '': {}, 'with a check': { method: 'eap-ig', steps: 2, bootstrap: 5, checkExact: 3 } },
    'edge-patching': { '': { edges: ['m0->logits', 'input->m1', 'm0->a2.h0<q>'] } },
    'circuit-discovery': {
      greedy: { method: 'greedy', n: 8, scores, ablation: 'mean' },
      ACDC: { method: 'acdc++', tau: 0.05, pruneTo: 20 },
    },
    'circuit-evaluation': { '': { scores, sizes: [3, 9], ablation: 'mean', completeness: true } },
    'head-scan': { '': { top: 2, position: 'last' } },
    direction: { '': { select: true, maxKl: 100, minAddition: -100 } },
    steering: { '': { direction, layers: [1], coefficients: [0, 1.5], maxTokens: 3 } },
    generation: {
      '': { maxTokens: 3 },
      'with a patch': { maxTokens: 3, patches: [{ layers: [1], positions: ['difference'] }] },
    },
  };
  return Object.entries(named).flatMap(([kind, variants]) =>
    Object.entries(variants).map(([variant, options]): Experiment => [
      `${kind} ${variant}`.trim(),
      kind as ExperimentKind,
      options,
    ]),
  );
}
