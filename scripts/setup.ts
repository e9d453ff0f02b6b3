/**
 * `npm run setup`: brings the native engine, for the CPU; with `-- --gpu` for NVIDIA GPUs, and with `-- --cpu` for the CPU
 * again. Safe to run again: what is there stays. Exits 1 when it fails. `npm start` and `npm test` call `trySetup` instead,
 * which never fails: without TensorFlow another backend runs.
 */
import { SetupError } from './setup-error.ts';
import {
  stagedVariant,
  stageTensorflow,
  tensorflowVersion,
  usualVariant,
  type Log,
  type Variant,
} from './tensorflow.ts';

/** Stages TensorFlow unless it is staged, in the variant asked for if any. Throws SetupError with the reason. */
export async function setup(log: Log, asked?: Variant): Promise<void> {
  const staged = stagedVariant();
  if (staged !== undefined && staged === (asked ?? staged)) return;
  const start = performance.now();
  await stageTensorflow(asked ?? usualVariant(), log);
  const seconds = (performance.now() - start) / 1000;
  log(`TensorFlow ${tensorflowVersion} is ready (${seconds.toFixed(1)} s).`);
}

/** As `setup`, but a failure is one line, not an error: returns false, and another backend takes its place. */
export async function trySetup(log: Log): Promise<boolean> {
  try {
    await setup(log);
    return true;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log(`TensorFlow is not there, the slower wasm backend runs instead. ${reason}`);
    return false;
  }
}

/** The variant that the command line names; throws SetupError on anything else. */
function askedVariant(args: readonly string[]): Variant | undefined {
  const variants: Record<string, Variant> = { '--gpu': 'cuda', '--cpu': 'cpu' };
  const [flag, ...more] = args;
  if (flag === undefined) return undefined;
  const variant = variants[flag];
  if (variant === undefined || more.length > 0)
    throw new SetupError(
      `Expected \`npm run setup\`, with \`-- --gpu\` or \`-- --cpu\` at most; got ${args.join(' ')}.`,
    );
  return variant;
}

if (import.meta.main) {
  try {
    await setup((line) => console.log(line), askedVariant(process.argv.slice(2)));
    console.log(`TensorFlow ${tensorflowVersion} is set up; \`npx demur doctor\` shows what runs.`);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
