/** The end of a run that went well: everything it found is stored, or nothing is. */
import type { Session } from './database.ts';
import { DatabaseError } from './errors.ts';
import { writeArtifacts, type FloatArray } from './repositories/artifacts.ts';
import { createCircuit } from './repositories/circuits.ts';
import { writeCompletions, type CompletionInput } from './repositories/completions.ts';
import { succeedExperiment } from './repositories/experiments.ts';
import type { Experiment } from './schema/experiments.ts';

export interface ExperimentOutcome {
  /** What result.json holds; kept as the text that JSON.stringify makes of it. */
  result: unknown;
  record: unknown;
  artifacts: Readonly<Record<string, FloatArray>>;
  /** The axes of the arrays `scores`, `mask` and, if there is one, `in_circuit` [sender, receiver], where the result is a circuit. */
  circuit?: { senders: string[]; receivers: string[] } | undefined;
  completions?: CompletionInput[];
}

export class CircuitArraysMissingError extends DatabaseError {
  constructor(id: string, names: string[]) {
    super(
      'CIRCUIT_ARRAYS_MISSING',
      `The circuit of experiment ${id} needs the arrays scores and mask; the result has ${names.join(', ') || 'none'}.`,
    );
  }
}

/**
 * RUNNING to SUCCEEDED with result, record, arrays, circuit and completions, in one transaction: a crash or an error at any point
 * leaves the database as it was.
 * @throws ExperimentStatusError when the experiment does not run (it was cancelled, say); ExperimentNotFoundError;
 *   ArrayShapeError, CircuitShapeError, NodeNameError, CircuitArraysMissingError for arrays that do not fit.
 */
export function completeExperiment(session: Session, id: string, outcome: ExperimentOutcome): Promise<Experiment> {
  return session.transaction(async (tx) => {
    const experiment = await succeedExperiment(tx, id, { result: outcome.result, record: outcome.record });
    if (outcome.circuit) {
      await storeWithCircuit(tx, experiment, { ...outcome, circuit: outcome.circuit });
    } else {
      await writeArtifacts(tx, { experimentId: id }, outcome.artifacts);
    }
    await writeCompletions(tx, id, outcome.completions ?? []);
    return experiment;
  });
}

/** The circuit stores its own arrays. */
async function storeWithCircuit(
  session: Session,
  { id, kind, model }: Experiment,
  { artifacts, circuit }: Required<Pick<ExperimentOutcome, 'artifacts' | 'circuit'>> & ExperimentOutcome,
): Promise<void> {
  const { scores, mask, in_circuit: inCircuit, ...others } = artifacts;
  if (!scores || !mask || !circuit) throw new CircuitArraysMissingError(id, Object.keys(artifacts));
  const matrices = { scores: scores.values, mask: mask.values, inCircuit: inCircuit?.values };
  await createCircuit(session, { experimentId: id, name: `${kind} of ${model}`, ...matrices, ...circuit });
  await writeArtifacts(session, { experimentId: id }, others);
}
