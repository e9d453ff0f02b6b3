// The tokenizer and chat template of a Hugging Face directory.

import { join } from 'node:path';
import { isFile, readJsonObject, readOptionalJsonObject, readText } from '../sources/read-json.ts';
import { createTokenizer } from './create-tokenizer.ts';
import { TokenizerMissingError } from './tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';

/** From tokenizer.json and, where present, tokenizer_config.json. @throws TokenizerMissingError, InvalidTokenizerError */
export async function tokenizerOfDirectory(directory: string, dVocab: number): Promise<Tokenizer> {
  const file = join(directory, 'tokenizer.json');
  if (!(await isFile(file))) throw new TokenizerMissingError(directory, 'tokenizer.json');
  return createTokenizer({
    path: directory,
    tokenizer: await readJsonObject(file),
    config: (await readOptionalJsonObject(join(directory, 'tokenizer_config.json'))) ?? {},
    chatTemplate: await chatTemplateOfDirectory(directory),
    dVocab,
  });
}

/** chat_template.jinja, else `chat_template` of tokenizer_config.json (of several, the one named "default"), else null. */
export async function chatTemplateOfDirectory(directory: string): Promise<string | null> {
  const file = join(directory, 'chat_template.jinja');
  if (await isFile(file)) return readText(file);
  const config = await readOptionalJsonObject(join(directory, 'tokenizer_config.json'));
  const template = config?.['chat_template'];
  if (typeof template === 'string') return template;
  return Array.isArray(template) ? namedDefault(template) : null;
}

function namedDefault(templates: unknown[]): string | null {
  for (const candidate of templates) {
    const { name, template } = (candidate ?? {}) as Record<string, unknown>;
    if (name === 'default' && typeof template === 'string') return template;
  }
  return null;
}
