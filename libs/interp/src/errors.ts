/** What can go wrong in a run once its spec and pairs are right. */
import { DemurError } from '@demur/model';

/** A spec that names a data set where none are known. */
export class UnknownDataSetError extends DemurError {
  constructor(name: string, known: readonly string[]) {
    super(
      'UNKNOWN_DATA_SET',
      `no data set is named ${JSON.stringify(name)} here; use ${known.join(', ')}, or give { "file": "pairs.jsonl" } or the pairs themselves`,
      { path: 'pairs' },
    );
  }
}

/** A result that is no number: weights or activations overflow. */
export class NotFiniteError extends DemurError {
  constructor(path: string, name: string, value: number) {
    super('NOT_FINITE', `"${name}" is ${value}: the model overflows on this prompt; check its weights`, { path });
  }
}
