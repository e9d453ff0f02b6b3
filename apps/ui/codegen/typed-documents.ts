/**
 * Makes the typed documents under graphql/ from the API's schema and the .graphql file beside each component.
 * It is the part of the graphql-codegen command that we need, and writes nothing: main.ts does.
 */
import { preset } from '@graphql-codegen/client-preset';
import { codegen } from '@graphql-codegen/core';
import { buildASTSchema, parse, Source, visit, type DocumentNode } from 'graphql';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const uiFolder = join(import.meta.dirname, '..');
export const schemaFile = join(uiFolder, '../api/src/schema.graphql');
export const graphqlFolder = join(uiFolder, 'graphql');

const wantedFiles = ['graphql.ts', 'fragment-masking.ts'];

/** The project's operations and fragments, one .graphql file a component. */
export function readDocuments(): { location: string; rawSDL: string; document: DocumentNode }[] {
  const files = globSync('{app,components,features}/**/*.graphql', { cwd: uiFolder }).sort();
  return files.map((file) => {
    const rawSDL = readFileSync(join(uiFolder, file), 'utf8');
    return { location: file, rawSDL, document: parse(new Source(rawSDL, file)) };
  });
}

/** Content of every generated file by its name. Throws codegen's error, which names the document that does not fit the schema. */
export async function typedDocuments(schemaText = readFileSync(schemaFile, 'utf8')): Promise<Record<string, string>> {
  const schema = withoutDescriptions(parse(schemaText));
  const sections = await preset.buildGeneratesSection({
    baseOutputDir: 'graphql/',
    schema,
    schemaAst: buildASTSchema(schema),
    documents: readDocuments(),
    plugins: [],
    pluginMap: {},
    presetConfig: { fragmentMasking: { unmaskFunctionName: 'readFragment' } },
    config: {
      documentMode: 'string',
      enumsAsTypes: true,
      useTypeImports: true,
      skipTypename: true,
      onlyOperationTypes: true,
      scalars: { JSON: 'unknown', ID: 'string', DateTime: 'string' },
    },
  });
  const wanted = sections.filter((section) => wantedFiles.includes(nameOf(section.filename)));
  const texts = await Promise.all(wanted.map((section) => codegen(section)));
  return Object.fromEntries(wanted.map((section, i) => [nameOf(section.filename), withExtensions(texts[i] ?? '')]));
}

const nameOf = (filename: string): string => filename.slice(filename.lastIndexOf('/') + 1);

/** Descriptions are for the API's readers: a changed sentence shall not change our files. */
const withoutDescriptions = (schema: DocumentNode): DocumentNode =>
  visit(schema, {
    enter: (node) => ('description' in node && node.description ? { ...node, description: undefined } : undefined),
  });

/** Our modules name the file they import, extension included. */
const withExtensions = (text: string): string => text.replaceAll(`from './graphql.js'`, `from './graphql.ts'`);
