/** The committed typed documents are those of the schema and of the .graphql files beside the components. */
import { buildSchema, concatAST, validate } from 'graphql';
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { graphqlFolder, readDocuments, schemaFile, typedDocuments } from '../../apps/ui/codegen/typed-documents.ts';

it('are current; otherwise run `npm run codegen --workspace @demur/ui`', async () => {
  const made = await typedDocuments();
  expect((await readdir(graphqlFolder)).sort()).toEqual(Object.keys(made).sort());
  for (const [name, text] of Object.entries(made))
    expect(readFileSync(join(graphqlFolder, name), 'utf8'), name).toBe(text);
});

it('fit the schema, and no fragment or variable is without use', () => {
  const schema = buildSchema(readFileSync(schemaFile, 'utf8'));
  const all = concatAST(readDocuments().map(({ document }) => document));
  expect(validate(schema, all).map(({ message }) => message)).toEqual([]);
});

it('fail on a schema that lacks what a page asks for', async () => {
  const schema = readFileSync(schemaFile, 'utf8').replace('edgeCount: Int!', 'size: Int!');
  await expect(typedDocuments(schema)).rejects.toThrow(/edgeCount/);
});
