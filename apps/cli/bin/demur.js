#!/usr/bin/env node
// The command's door, in plain JavaScript, so that any Node opens it: sources need one that strips types (22.18 or
// later), and an older one hands over to the project's own.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
const stripsTypes = major > 22 || (major === 22 && minor >= 18);

/** The Node that `npm ci` put into a node_modules above this file. */
function projectNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const package_ = `node-${process.platform.replace('win32', 'win')}-${process.arch}`;
  for (let folder = dirname(fileURLToPath(import.meta.url)); dirname(folder) !== folder; folder = dirname(folder)) {
    const candidates = [
      join(folder, 'node_modules', package_, 'bin', name),
      join(folder, 'node_modules', '.bin', name),
    ];
    const found = candidates.find((file) => existsSync(file));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Runs this file again on `node` and ends as it ends. The channel between them tells it when this process is gone. */
function handOver(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  child.on('exit', (code, signal) => (process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => passOn(child, signal));
}

/** A terminal's Ctrl-C reaches the child by itself; a second one would make it leave in a hurry. */
function passOn(child, signal) {
  if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
}

/** Ends with the process that handed over to this one, whatever ended that. */
function endWithParent() {
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref();
}

const node = stripsTypes ? undefined : projectNode();
if (stripsTypes) {
  if (process.connected) endWithParent();
  await import('../src/main.ts');
} else if (node !== undefined) {
  handOver(node);
} else {
  console.error(`demur needs Node 22.18 or later and this is ${process.version}; run npm ci, or install a newer Node`);
  process.exitCode = 1;
}
