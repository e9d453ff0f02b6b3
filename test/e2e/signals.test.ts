/**
 * Signals during matrix products. TensorFlow's raw `MatMul` corrupts the heap when a signal reaches the thread that runs
 * it; `tf.matMul`, which the engine uses, in a worker thread, where the engine lives, must not.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { backendEnvironment } from '../../libs/model/src/backend/backend-name.ts';
import { runCommand } from '../../scripts/run-command.ts';
import type { SignalReport } from './products-under-signals.ts';

/** Sends SIGWINCH (28) to each thread of a process in turn, by the system call tgkill (234), 3,000 times. */
const sendToEveryThread = `
import ctypes, os, sys, time
pid, libc = int(sys.argv[1]), ctypes.CDLL(None)
for _ in range(3000):
    for thread in os.listdir(f'/proc/{pid}/task'):
        libc.syscall(234, pid, int(thread), 28)
    time.sleep(0.001)
`;

test.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
  'products stay equal while thousands of signals reach every thread (Linux x64 only)',
  async () => {
    const file = fileURLToPath(new URL('./products-under-signals.ts', import.meta.url));
    const env = { ...process.env, ...backendEnvironment() };
    const child = spawn(process.execPath, [file], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    const closed = once(child, 'close');
    const lines = createInterface(child.stdout);
    let last = '';
    lines.on('line', (line) => (last = line));
    await once(lines, 'line');
    await runCommand('python3', ['-c', sendToEveryThread, String(child.pid)]);
    child.stdin.end();
    expect(await closed).toEqual([0, null]);
    const report = JSON.parse(last) as SignalReport;
    expect(report.different).toBe(0);
    expect(report.products).toBeGreaterThan(50);
    // Far fewer than were sent: those that come before a thread runs again are one.
    expect(report.signals).toBeGreaterThan(100);
  },
);
