/** What is timed: one row a case. A new method of the engine, or another tool that does the same, is an entry here. */

/** Another tool on the same work: a script of peers/, and the name of its measurement. */
interface PeerCase {
  script: string;
  measures: string;
}

export interface BenchCase {
  what: string;
  /** Kind and options of the spec; `scores` is the folder of an attribution's result over the expanded graph. */
  spec: (given: { scores: string }) => { kind: string; options: object };
  /** Runs once, unwarmed: a case of a minute, beside which the first second of a process is little. */
  once?: boolean;
  peer?: PeerCase;
}

function grid(what: string, site: string, measures = site): BenchCase {
  const options = { activations: [site], ...(site === 'z' ? { positions: 'all' } : {}) };
  const peer = { script: 'transformer_lens_patching.py', measures };
  return { what, spec: () => ({ kind: 'activation-patching', options }), peer };
}

function eap(what: string, kvHeads: string): BenchCase {
  const peer = { script: 'eap_ig.py', measures: 'eap' };
  return { what, spec: () => ({ kind: 'attribution', options: { kvHeads } }), peer };
}

export const benchCases: readonly BenchCase[] = [
  grid('grid of resid_pre, 30 layers × 38 positions', 'resid_pre'),
  grid('grid of attn_out', 'attn_out'),
  grid('grid of mlp_out', 'mlp_out'),
  grid('grid of 270 heads, all positions', 'z'),
  eap('EAP, expanded: 123,211 edges', 'expanded'),
  eap('EAP, native', 'native'),
  {
    what: '1,000 edges exactly: the strongest by EAP, expanded',
    spec: ({ scores }) => ({
      kind: 'edge-patching',
      options: { edges: { top: 1000, of: scores }, kvHeads: 'expanded' },
    }),
    once: true,
  },
  {
    what: 'ACDC++, expanded: EAP, then tests from its 2,000 strongest edges at tau 0.01',
    spec: () => ({ kind: 'circuit-discovery', options: { method: 'acdc++', tau: 0.01, kvHeads: 'expanded' } }),
    once: true,
  },
];
