/** `demur circuit convert`: a circuit from one format into another. */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  CircuitConversionError,
  circuitFormats,
  convertKvHeads,
  formatOfName,
  mibSubmission,
  OutputError,
  type CircuitFormat,
  type CircuitFormatName,
  type ScoredCircuit,
} from '@demur/interp';
import { exitCodeOf } from './exit-code.ts';
import { readCircuitFile } from './read-circuit.ts';

export interface ConvertArguments {
  input: string;
  output: string;
  to?: CircuitFormatName | 'mib-scores' | 'mib-circuits';
  kvHeads?: 'native' | 'expanded';
  nKvHeads?: number;
  dModel?: number;
  sidecar?: string;
  top?: number;
  task?: string;
  model?: string;
  signed?: boolean;
}

type Pieces = Iterable<string | Uint8Array>;

/** Writes the files, tells on stderr what was lost or changed, and returns the exit code. */
export async function circuitConvert(options: ConvertArguments): Promise<number> {
  try {
    const to = options.to ?? requireFormat(options.output);
    const read = await readCircuitFile(options.input, options.sidecar);
    const { circuit, notes } = convertKvHeads(read, options.kvHeads ?? read.shape.kvHeads, options.nKvHeads);
    circuit.shape.dModel = options.dModel ?? circuit.shape.dModel;
    for (const note of notes) console.error(`note: ${note}`);
    if (Object.keys(circuit.record).length === 0)
      console.error('note: the file does not record model, method, metric, data and sign; --sidecar adds them');
    if (circuit.shape.dModel === null && (to === 'eap-ig' || to.startsWith('mib-')))
      console.error(
        "note: the model's width is not known, without which EAP-IG does not load the file; --d-model adds it",
      );
    if (to === 'mib-scores' || to === 'mib-circuits') await writeSubmission(circuit, { ...options, to });
    else await writeOne(circuit, circuitFormats[to], options);
    return 0;
  } catch (error) {
    return exitCodeOf(error);
  }
}

function requireFormat(output: string): CircuitFormatName {
  const name = formatOfName(output);
  if (name !== undefined) return name;
  const endings = Object.values<CircuitFormat>(circuitFormats).map(({ extension }) => extension);
  throw new CircuitConversionError(`"${output}" ends with none of ${endings.join(', ')}; say the format with --to`);
}

async function writeOne(
  circuit: ScoredCircuit,
  format: CircuitFormat,
  { output, top }: ConvertArguments,
): Promise<void> {
  await writePieces(output, await format.write(circuit, { top }));
  if (format.keepsRecord || Object.keys(circuit.record).length === 0) return;
  await writePieces(`${output}.sidecar.json`, [`${JSON.stringify(circuit.record, null, 1)}\n`]);
}

async function writeSubmission(
  circuit: ScoredCircuit,
  { output, to, task, model, signed }: ConvertArguments,
): Promise<void> {
  if (task === undefined || model === undefined)
    throw new CircuitConversionError('a MIB submission is named after its task and model; give --task and --model');
  const content = to === 'mib-scores' ? 'scores' : 'circuits';
  const files = mibSubmission(circuit, { task, model, content, by: signed === true ? 'signed' : 'absolute' });
  for (const { path, pieces } of files) await writePieces(join(output, path), pieces);
}

/** Writes under a temporary name and renames: a reader never sees half a file. @throws OutputError */
async function writePieces(path: string, pieces: Pieces): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(gathered(pieces));
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new OutputError(path, cause);
  }
}

/** Short texts together, 64 KiB a piece: a write each would take long. */
function* gathered(pieces: Pieces): Generator<string | Uint8Array> {
  let text = '';
  for (const piece of pieces) {
    if (typeof piece !== 'string') {
      yield piece;
      continue;
    }
    text += piece;
    if (text.length < 65_536) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}
