import { DemurError } from '@demur/model';

/** A file that is no circuit in the format it claims; `path` is the place in the document. */
export class CircuitFormatError extends DemurError {
  constructor(path: string, message: string) {
    super('INVALID_GRAPH', message, { path });
  }
}

/** A circuit that cannot be written as asked: the target has no room for what it says. */
export class CircuitConversionError extends DemurError {
  constructor(message: string) {
    super('CIRCUIT_CONVERSION', message);
  }
}
