/** docs/benchmarks.md: sections under headings, of which a run replaces those that it measured and leaves the others. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const page = new URL('../../docs/benchmarks.md', import.meta.url);

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Sections by heading, in order; the first one's is the page's title. */
type Sections = ReadonlyMap<string, string>;

export function pageOf(sections: Sections): string {
  return [...sections].map(([heading, text], i) => `${i === 0 ? '#' : '##'} ${heading}\n\n${text.trim()}\n`).join('\n');
}

function sectionsOf(text: string): Map<string, string> {
  const parts = text.split(/^##? /m).slice(1);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]));
}

/** Writes the sections into the page, in the place of those of the same headings, or at its end. */
export function writeSections(sections: Sections): void {
  const known = existsSync(page) ? sectionsOf(readFileSync(page, 'utf8')) : new Map<string, string>();
  writeFileSync(page, pageOf(new Map([...known, ...sections])));
}
