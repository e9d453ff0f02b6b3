/** docs/studies.md: its checklist is that of the committed reports, and those name no machine. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { studiesPage, studiesPagePath } from '../../scripts/studies-page.ts';

const folder = fileURLToPath(new URL('../../docs/studies/', import.meta.url));

describe('docs/studies.md', () => {
  it('is what npm run docs:studies writes', async () => {
    const page = await readFile(studiesPagePath, 'utf8');
    expect(await studiesPage(page)).toBe(page);
  });

  it('has every claim of every report, and refuses to go without its marks', async () => {
    const page = await readFile(studiesPagePath, 'utf8');
    const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('report.json'));
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const { claims } = JSON.parse(await readFile(`${folder}${file}`, 'utf8')) as { claims: { id: string }[] };
      for (const { id } of claims) expect(page).toContain(`**${id}**`);
    }
    await expect(studiesPage('# Studies')).rejects.toThrow('docs/studies.md lacks');
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
