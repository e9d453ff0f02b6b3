/** `npm run codegen`: writes apps/ui/graphql/ anew. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { graphqlFolder, typedDocuments } from './typed-documents.ts';

mkdirSync(graphqlFolder, { recursive: true });
for (const [name, text] of Object.entries(await typedDocuments())) writeFileSync(join(graphqlFolder, name), text);
