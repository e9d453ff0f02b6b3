/** Versions of demur and of what it computes with, for records. */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

const packages = ['@huggingface/transformers', '@tensorflow/tfjs', 'zod'];

/** By package, with demur's own and Node's. */
export function versions(): Record<string, string> {
  return {
    demur: demurVersion(),
    node: process.version,
    ...Object.fromEntries(packages.map((name) => [name, packageVersion(name)])),
  };
}

/** Of demur itself. */
export function demurVersion(): string {
  return packageVersion('@demur/interp');
}

function packageVersion(name: string): string {
  const file = findPackageJSON(name, import.meta.url);
  const json: unknown = file === undefined ? {} : JSON.parse(readFileSync(file, 'utf8'));
  return typeof json === 'object' && json !== null && 'version' in json ? String(json.version) : 'unknown';
}
