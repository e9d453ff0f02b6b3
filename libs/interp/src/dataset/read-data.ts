/** The word lists that come with the project: libs/interp/data/. */
import { readFileSync } from 'node:fs';

export function readData<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../data/${name}.json`, import.meta.url), 'utf8')) as T;
}
