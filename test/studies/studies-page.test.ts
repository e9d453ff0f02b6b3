/** docs/studies.md: its checklist is that of the committed reports, and those name no machine. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { STUDY_NAMES, type StudyReport } from '@demur/studies';
import { describe, expect, it } from 'vitest';
import { studiesPage, studiesPagePath } from '../../scripts/studies-page.ts';

const docs = new URL('../../docs/', import.meta.url);
const folder = fileURLToPath(new URL('studies/', docs));

/** The committed reports, by their files. */
async function reports(): Promise<[string, StudyReport][]> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('report.json'));
  const read = async (file: string) => JSON.parse(await readFile(`${folder}${file}`, 'utf8')) as StudyReport;
  return Promise.all(files.map(async (file): Promise<[string, StudyReport]> => [file, await read(file)]));
}

/** Without what Markdown escapes. */
const plain = (text: string): string => text.replaceAll('\\', '').replaceAll('&lt;', '<');

describe('docs/studies.md', () => {
  it('is what npm run docs:studies writes', async () => {
    const page = await readFile(studiesPagePath, 'utf8');
    expect(await studiesPage(page)).toBe(page);
  });

  it('refuses to go without its marks', async () => {
    await expect(studiesPage('# Studies')).rejects.toThrow('docs/studies.md lacks');
  });

  it('says of every claim that was tested what its number was held against', async () => {
    for (const [file, { claims }] of await reports())
      for (const { id, outcome, sentence } of claims)
        if (outcome !== 'not tested') expect(sentence, `${file}: ${id}`).toMatch(/\bcounts?\b.*\d|\d.*\bcounts?\b/);
  });

  it('has the outcome and the sentence of each claim as the report of its model has them', async () => {
    const page = plain(await readFile(studiesPagePath, 'utf8'));
    for (const [, { claims }] of await reports())
      for (const { id, outcome, sentence } of claims) {
        expect(page).toContain(`**${id}**`);
        expect(page).toContain(plain(`${outcome}: ${sentence}`));
      }
  });

  it('has every claim of the two documents, and the steps that test it, in the reports of both models', async () => {
    const all = [...(await reports())];
    expect(all).toHaveLength(2 * STUDY_NAMES.length);
    const page = await readFile(studiesPagePath, 'utf8');
    for (const name of STUDY_NAMES) {
      const own = all.filter(([, { study }]) => study === name);
      const [first, second] = own.map(([, { claims }]) => claims.map(({ id }) => id));
      expect(first).toEqual(second);
      for (const id of first!) {
        const testers = /Tested by ([^.]+)\./.exec(page.slice(page.indexOf(`- **${id}**`)))![1]!;
        const steps = own.map(([, report]) => report.steps.map((step) => step.name));
        for (const [, step] of testers.matchAll(/`([^`]+)`/g)) for (const of of steps) expect(of, id).toContain(step);
      }
    }
  });

  it('links files that are there', async () => {
    const page = await readFile(studiesPagePath, 'utf8');
    for (const [, target] of page.matchAll(/\]\(([^)#]+)[^)]*\)/g)) await stat(fileURLToPath(new URL(target!, docs)));
  });

  it('links reports that are small, and without a path of the machine that made them', async () => {
    for (const name of await readdir(folder, { recursive: true })) {
      if (!/report\.(json|html)$/.test(name)) continue;
      expect((await stat(`${folder}${name}`)).size, name).toBeLessThan(400_000);
      expect(await readFile(`${folder}${name}`, 'utf8'), name).not.toMatch(
        /"\/(tmp|work|home|root|Users)\b|[A-Z]:\\\\/,
      );
    }
  });
});
