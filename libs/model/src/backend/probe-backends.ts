/**
 * What runs on this machine, found out in child processes: a library that crashes takes its child along, not us.
 * Tensor-free: safe on a main thread and in the API process.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { backendEnvironment, backendNames, type BackendName } from './backend-name.ts';

/** What the child process says. `gflops`: 10⁹ operations a second in a 512 × 512 product, on one thread. */
export type ProbeAnswer =
  | { works: true; version: string; describe: string; software: boolean; gflops: number }
  | { works: false; reason: string };

/** One backend on this machine: does it work, or why not, and the seconds that finding out took. */
export type BackendProbe = ProbeAnswer & { name: BackendName; seconds: number };

/** Tries every backend, best first, each in a child process of its own. Never throws. */
export async function probeBackends(): Promise<BackendProbe[]> {
  const probes: BackendProbe[] = [];
  for (const name of backendNames) probes.push(await probeBackend(name));
  return probes;
}

/** Tries one backend in a child process; a child that crashes or hangs is reported with its signal or exit code. */
export async function probeBackend(name: BackendName, timeoutMs = 60_000): Promise<BackendProbe> {
  const start = performance.now();
  const answer = await askChild(name, timeoutMs);
  return { ...answer, name, seconds: (performance.now() - start) / 1000 };
}

function askChild(name: BackendName, timeoutMs: number): Promise<ProbeAnswer> {
  return new Promise((done) => {
    const file = fileURLToPath(new URL('./probe.ts', import.meta.url));
    const env = { ...process.env, ...backendEnvironment() };
    const child = spawn(process.execPath, [file, name], { env, timeout: timeoutMs, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error) => done({ works: false, reason: `The probe did not start: ${error.message}` }));
    child.on('close', (code, signal) => {
      done(
        code === 0 ? (JSON.parse(stdout) as ProbeAnswer) : crashed(name, signal ?? `exit code ${String(code)}`, stderr),
      );
    });
  });
}

function crashed(name: BackendName, how: string, stderr: string): ProbeAnswer {
  const line =
    stderr
      .trim()
      .split('\n')
      .find((text) => text.includes('Error')) ?? '';
  return { works: false, reason: `${name} ended its process (${how}). ${line}`.trim() };
}
