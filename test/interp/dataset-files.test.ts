/** Pairs in files: the same pairs out as in, CSV as another reader of RFC 4180 takes it, and what is refused where. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatPairs, parsePairs, readPairs, type PairFormat, type PairSpec } from '@demur/interp';
import { afterAll, describe, expect, it } from 'vitest';

/** Every kind of prompt and token, with what CSV must quote. */
const pairs: PairSpec[] = [
  { clean: { tokens: [1, 2, 3] }, corrupted: { tokens: [1, 9, 3] }, answer: 5, distractor: 6, roles: { object: [1] } },
  {
    clean: { text: 'Say "{a}", then\r\n{b};\tend ', slots: { a: 'x,y', b: '' } },
    corrupted: { text: '  ü 東京 🙂\r', slots: {} },
    answer: ' yes,"no"\n',
    distractor: '5',
  },
  {
    clean: { messages: [{ role: 'user', content: 'Hi {x}' }], slots: { x: 'é' } },
    corrupted: {
      messages: [
        { role: 'system', content: '' },
        { role: 'user', content: '=1+1' },
      ],
    },
    answer: 'Sorry',
    distractor: 0,
  },
];

function refusal(text: string, format: PairFormat): string {
  try {
    parsePairs(text, { format, name: `pairs.${format}` });
  } catch (error) {
    expect(error).toMatchObject({ code: 'PAIR_FILE' });
    return (error as Error).message;
  }
  throw new Error('the text was accepted');
}

describe('formats', () => {
  it.each(['json', 'jsonl', 'csv'] as const)('gives the same pairs out of %s as went in', (format) => {
    expect(parsePairs(formatPairs(pairs, format), { format, name: 'x' })).toEqual(pairs);
    expect(parsePairs(`\uFEFF${formatPairs(pairs, format)}`, { format, name: 'x' })).toEqual(pairs);
  });

  it('takes a list under "pairs", as the API has it', () => {
    expect(parsePairs(JSON.stringify({ slug: 'x', pairs }), { format: 'json', name: 'x' })).toEqual(pairs);
  });

  it('writes CSV that Python reads alike', ({ skip }) => {
    const script =
      'import csv,io,json,sys; print(json.dumps(list(csv.DictReader(io.StringIO(sys.stdin.buffer.read().decode(), newline="")))))';
    let printed: string;
    try {
      printed = execFileSync('python3', ['-c', script], { input: formatPairs(pairs, 'csv'), encoding: 'utf8' });
    } catch {
      return skip('there is no python3 here to read it');
    }
    const rows = JSON.parse(printed) as Record<string, string>[];
    expect(rows.map((row) => [row['clean'], row['answer'], row['distractor.id']])).toEqual([
      ['', '', '6'],
      ['Say "{a}", then\r\n{b};\tend ', ' yes,"no"\n', ''],
      ['', 'Sorry', '0'],
    ]);
    expect(JSON.parse(rows[1]!['clean.slots']!)).toEqual({ a: 'x,y', b: '' });
    expect(JSON.parse(rows[0]!['clean.tokens']!)).toEqual([1, 2, 3]);
  });
});

const line = (change: object) => JSON.stringify({ ...pairs[0], ...change });

describe('refusals', () => {
  it.each<[string, PairFormat, string, string | RegExp]>([
    ['no pairs', 'jsonl', '\n\n', 'pairs.jsonl: there is no pair in it; give at least one'],
    ['an object', 'json', '{}', 'pairs.json: it is neither a list of pairs nor an object with "pairs"'],
    ['half a file', 'json', '[{"clean":', /^pairs\.json: not valid JSON: /],
    ['half a line', 'jsonl', `${line({})}\n\n{"clean"`, /^pairs\.jsonl line 3: not valid JSON: /],
    [
      'a wrong field',
      'jsonl',
      `${line({})}\n${line({ answer: null })}`,
      'pairs.jsonl line 2, answer: null is not a token: an id or the exact text of one token',
    ],
    [
      'a wrong prompt',
      'json',
      `[${line({ clean: { tokens: [1, 'a'] } })}]`,
      'pairs.json pairs[0], clean.tokens[1]: "a" is not a token id (a whole number, 0 or more)',
    ],
    [
      'a role without positions',
      'jsonl',
      line({ roles: { object: [] } }),
      'pairs.jsonl line 1, roles.object: [] is not a non-empty list of positions',
    ],
    [
      'an unknown column',
      'csv',
      'clean,foo\na,b',
      /^pairs\.csv line 1: "foo" is not a column; use clean, clean\.user, /,
    ],
    ['a short line', 'csv', 'clean,corrupted,answer,distractor\na,b,c', /^pairs\.csv: not CSV: /],
    ['an open quote', 'csv', 'clean\n"a', /^pairs\.csv: not CSV: /],
    [
      'a cell that is no JSON',
      'csv',
      'clean.tokens,corrupted,answer,distractor\n\n"[1,",b,c,d',
      'pairs.csv line 3, clean.tokens: "[1," is not JSON; write such as [1, 2] or {"object": "pie"}',
    ],
    [
      'an empty cell',
      'csv',
      'clean,corrupted,answer,distractor\na,b,,d',
      'pairs.csv line 2, answer: missing; give a token: an id or the exact text of one token',
    ],
  ])('tells the place of %s', (_, format, text, message) => {
    if (typeof message === 'string') expect(refusal(text, format)).toBe(message);
    else expect(refusal(text, format)).toMatch(message);
  });

  const folder = mkdtempSync(join(tmpdir(), 'demur-pairs-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('reads by the ending of the name, and tells of files that cannot be read', async () => {
    writeFileSync(join(folder, 'a.CSV'), formatPairs(pairs, 'csv'));
    expect(await readPairs(join(folder, 'a.CSV'))).toEqual(pairs);
    await expect(readPairs('pairs.txt')).rejects.toThrow('let it end with .json, .jsonl, .csv');
    await expect(readPairs(join(folder, 'b.json'))).rejects.toThrow('there is no such file; give the path');
  });
});
