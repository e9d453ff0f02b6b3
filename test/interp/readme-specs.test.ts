/** The specs that README.md shows are specs. */
import { readFileSync } from 'node:fs';
import { parseSpec } from '@demur/interp';
import { expect, it } from 'vitest';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const specs = Array.from(readme.matchAll(/```json\n(.*?)```/gs), ([, json]) => JSON.parse(json!) as { kind: string });

it.each(specs.map((spec) => [spec.kind, spec]))('README.md shows %s as it is asked for', (kind, spec) => {
  expect(parseSpec(spec).kind).toBe(kind);
});
