/** A file of pairs that cannot be read. Apart from errors.ts, whose errors are about pairs and a model. */
import { DemurError } from '@demur/model';

export class PairFileError extends DemurError {
  /** `place`: the file, the line where there is one, and the field. */
  constructor(place: string, message: string, cause?: unknown) {
    super('PAIR_FILE', message, { path: place, cause });
  }
}
