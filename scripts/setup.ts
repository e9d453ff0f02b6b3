/**
 * `npm run setup`: brings the native engine. Safe to run again: what is there stays. Exits 1 when it fails.
 * `npm start` and `npm test` call `trySetup` instead, which never fails: without TensorFlow the wasm backend runs.
 */
import { SetupError } from './setup-error.ts';
import { isTensorflowStaged, stageTensorflow, tensorflowVersion, type Log } from './tensorflow.ts';

/** Stages TensorFlow unless it is staged. Throws SetupError with the reason. */
export async function setup(log: Log): Promise<void> {
  if (isTensorflowStaged()) return;
  const start = performance.now();
  await stageTensorflow(log);
  const seconds = (performance.now() - start) / 1000;
  log(`TensorFlow ${tensorflowVersion} is ready (${seconds.toFixed(1)} s).`);
}

/** As `setup`, but a failure is one line, not an error: returns false, and the wasm backend takes its place. */
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

if (import.meta.main) {
  try {
    await setup((line) => console.log(line));
    console.log(`TensorFlow ${tensorflowVersion} is set up; \`npx demur doctor\` shows what runs.`);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
