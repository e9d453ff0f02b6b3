/** The form of a circuit evaluation on what an experiment found, with its model, its pairs and metric where they have names. */

/** What the scores or the circuit of an experiment are evaluated as, in the words of the form. */
const ways = { experiment: 'scores.experiment', found: 'circuit.experiment' };

/** @param spec the experiment's; pairs that stand in it, and metrics that are no name, are not carried over */
export function evaluationAddress(id: string, way: keyof typeof ways, spec: unknown): string {
  const { model, pairs, metric, options } = spec as Record<'model' | 'pairs' | 'metric', unknown> & {
    options: { kvHeads: string };
  };
  const named = Object.entries({ model, pairs, metric }).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value]] : [],
  );
  const chosen = [
    ['options.circuit.way', way],
    [`options.${ways[way]}`, id],
    ['options.kvHeads', options.kvHeads],
  ];
  return `/experiments/new?${new URLSearchParams([['kind', 'CIRCUIT_EVALUATION'], ...named, ...chosen]).toString()}`;
}
