/** Writes schema.graphql beside this file. Run: `node --import ./apps/api/register.js apps/api/src/emit-schema.ts` */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { format, resolveConfig } from 'prettier';
import { createSchema } from './schema.ts';

const file = fileURLToPath(new URL('./schema.graphql', import.meta.url));

/** With `--check`, exits with 1 where the file is not what the schema prints. */
async function emit(): Promise<void> {
  const text = printSchema(lexicographicSortSchema(createSchema()));
  const printed = await format(text, { ...(await resolveConfig(file)), filepath: file });
  if (!process.argv.includes('--check')) return writeFile(file, printed);
  if (printed === (await readFile(file, 'utf8'))) return;
  console.error('schema.graphql is not current; run: node --import ./apps/api/register.js apps/api/src/emit-schema.ts');
  process.exitCode = 1;
}

await emit();
