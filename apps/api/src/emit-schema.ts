/** Writes schema.graphql beside this file. Run: `node --import ./apps/api/register.js apps/api/src/emit-schema.ts` */
import { writeFileSync } from 'node:fs';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { createSchema } from './schema.ts';

const text = `${printSchema(lexicographicSortSchema(createSchema()))}\n`;
if (process.argv.includes('--print')) process.stdout.write(text);
else writeFileSync(new URL('./schema.graphql', import.meta.url), text);
