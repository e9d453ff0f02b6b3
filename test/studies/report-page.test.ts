/** A report as a page, in real Chromium: text of any kind stays text, nothing is asked of anyone, both themes, narrow screens. */
import { figureSvg, reportHtml, type StudyReport } from '@demur/studies';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumMissing, startChromium } from '../support/chromium.ts';

const missing = await chromiumMissing();

/** What tokens of arbitrary models, names of files and answers of models may hold. */
const hostile = `</style></title><script>window.broken = 1</script><img src=x onerror="window.broken = 2"> & "'`;
const controls = 'a\u0000b\u001b[31m\u202ec\ud800\nd\uffff';
const tokens = [hostile, controls, '', ' the', 'Ġthe', ']]>', '-->', '&amp;'];

const group = { mean: 4, deviation: 1, least: 2, most: 6, refused: 1 };
const report: StudyReport = {
  study: 'object-patching',
  title: `Patching ${hostile}`,
  question: `Where? ${controls}`,
  startedAt: '2026-01-02T03:04:05.678Z',
  seconds: 12.3,
  model: { name: hostile, family: 'llama', nLayers: 2, nHeads: 4, dModel: 32, weightsSha256: 'ab' },
  dataSet: { name: hostile, pairs: 3, warnings: [hostile] },
  refusal: { clean: group, corrupted: { ...group, mean: -3, refused: 0 }, separation: 0.6 },
  stopped: 'There is no refusal to find.',
  sections: [
    {
      title: hostile,
      paragraphs: [hostile, controls],
      figures: [
        {
          kind: 'heat-map',
          title: hostile,
          caption: controls,
          rows: { title: hostile, labels: tokens },
          columns: { title: controls, labels: tokens },
          unit: hostile,
          values: tokens.map((_, i) => tokens.map((_, j) => (i === j ? null : i - j))),
        },
        {
          kind: 'lines',
          title: 'lines',
          caption: '',
          x: { title: hostile, values: [0, 1] },
          y: { title: controls },
          series: tokens.map((name, i) => ({ name, values: [i, 1] })),
        },
        {
          kind: 'bars',
          title: 'bars',
          caption: '',
          labels: tokens,
          y: { title: hostile },
          values: tokens.map((_, i) => i),
        },
        {
          kind: 'histogram',
          title: 'bins',
          caption: '',
          x: { title: hostile },
          groups: [{ name: hostile, values: [1, 2] }],
        },
      ],
      tables: [{ title: hostile, columns: ['prompt', controls], rows: [[hostile, 0.123456], [controls, null]] }], // prettier-ignore
    },
  ],
  claims: [
    { id: 'S1.a', source: 'notebooks', text: hostile, outcome: 'agrees', sentence: 'It is 0.9.' },
    { id: 'S6.b', source: 'replication', text: 'Second.', outcome: 'disagrees', sentence: hostile },
    { id: 'S6.c', source: 'replication', text: 'Third.', outcome: 'not tested', sentence: 'No scale was tried.' },
  ],
  steps: [
    {
      name: 'contrast',
      title: hostile,
      spec: {
        kind: 'activations',
        model: hostile,
        pairs: [{ clean: { tokens: [1, 22, 333] } }],
        seed: -1.5e-7,
      } as unknown as StudyReport['steps'][number]['spec'],
      specHash: 'e3b0c442',
      experiment: hostile,
      seconds: 1.5,
      record: {
        backend: { name: 'wasm', workers: 2 },
        peakBytes: 5 * 2 ** 20,
      } as StudyReport['steps'][number]['record'],
    },
  ],
};

describe.skipIf(missing)(`the page of a report${missing ? ` (${missing})` : ''}`, () => {
  let browser: Browser;
  let page: Page;
  const asked: string[] = [];

  beforeAll(async () => {
    browser = await startChromium();
    page = await browser.newPage({ viewport: { width: 380, height: 800 }, colorScheme: 'dark' });
    page.on('request', (request) => asked.push(request.url()));
    await page.setContent(reportHtml(report));
  });
  afterAll(async () => browser?.close());

  it('runs nothing, and asks nothing of anyone', async () => {
    expect(await page.evaluate('window.broken')).toBeUndefined();
    expect(await page.locator('script, img').count()).toBe(0);
    expect(asked).toEqual([]);
  });

  it('shows text as it is, and what cannot be seen as signs', async () => {
    expect(await page.title()).toBe(`Patching ${hostile} · ${hostile} · demur`);
    expect(await page.locator('h1').textContent()).toBe(`Patching ${hostile}`);
    expect(await page.locator('.question').textContent()).toBe('Where? a␀b␛[31m�c�⏎d�');
    const cells = await page
      .locator('main > section > figure > .scroll > table tbody tr')
      .last()
      .locator('th, td')
      .allTextContents();
    expect(cells).toEqual(['a␀b␛[31m�c�⏎d�', '–']);
  });

  it('has figures that are well-formed documents of their own', async () => {
    const parse = (svg: string): string => {
      const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml');
      return parsed.querySelector('parsererror')?.textContent ?? parsed.documentElement.nodeName;
    };
    const roots = await Promise.all(
      report.sections[0]!.figures.map((figure) => page.evaluate(parse, figureSvg(figure))),
    );
    expect(roots).toEqual(['svg', 'svg', 'svg', 'svg']);
    await page.getByRole('img', { name: 'bars' }).waitFor();
  });

  it('says why the study stopped, what was claimed, and how to run each step again', async () => {
    await page.getByText('There is no refusal to find.').waitFor();
    expect(await page.locator('.outcome').allTextContents()).toEqual(['✓ agrees', '✗ disagrees', '– not tested']);
    const spec = await page.locator('.steps pre').first().textContent();
    expect(JSON.parse(spec!)).toEqual(report.steps[0]!.spec);
    expect(spec).toContain('"tokens": [1,22,333]\n');
  });

  it('follows the theme that is preferred', async () => {
    const lightness = (): Promise<number> =>
      page.evaluate(() => Number(/\d+/.exec(getComputedStyle(document.body).backgroundColor)![0]));
    expect(await lightness()).toBeLessThan(64);
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await lightness()).toBeGreaterThan(192);
  });

  it('is no wider than a narrow screen: what is wider scrolls in its frame', async () => {
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(380);
  });
});
