/**
 * Studies on their pages: asked for by the form, followed while they run, read as a report. The real server with a tiny model,
 * in real Chromium; what the pages show is compared with what GraphQL answers to queries written out here.
 */
import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildUi } from '../../scripts/build-ui.ts';
import { runCommand } from '../../scripts/run-command.ts';
import { root, startServer, temporaryFolder, type TestServer } from '../api/server.ts';
import { goldenCase } from '../golden/golden-case.ts';
import { chromiumMissing, startChromium } from '../support/chromium.ts';

const missing = await chromiumMissing();

const golden = goldenCase('llama_gqa_tied', 'plain');
/** Each pair and its reverse: whatever the model does, neither side has the higher metric more often. */
const mixed = golden.pairs.flatMap((pair) => [pair, { ...pair, clean: pair.corrupted, corrupted: pair.clean }]);

interface Table {
  columns: string[];
  rows: (string | number | null)[][];
}
interface Report {
  sections: { title: string; paragraphs: string[]; figures: { title: string; svg: string; numbers: Table }[] }[];
  claims: { id: string; outcome: string; sentence: string }[];
}
interface Study {
  id: string;
  title: string;
  question: string;
  status: string;
  stopped: string | null;
  steps: { title: string; experiment: { id: string } }[];
  report: Report | null;
}

const studyQuery = `query ($id: ID!) { study(id: $id) { id title question status stopped steps { title experiment { id } }
  report { sections { title paragraphs figures { title svg numbers { columns rows } } } claims { id outcome sentence } } } }`;

describe.skipIf(missing)(`the pages of studies${missing ? ` (${missing})` : ''}`, () => {
  let home: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: TestServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let troubles: string[];

  const open = async (path: string): Promise<void> => {
    await page.goto(server.url + path);
  };
  const studyOf = async (id: string): Promise<Study> => (await server.get<{ study: Study }>(studyQuery, { id })).study;
  /** The id in the address, once it is a study's. */
  const openedStudy = async (not = ''): Promise<string> => {
    await page.waitForURL((url) => /\/studies\/[\w-]{20,}$/.test(url.pathname) && !(not && url.pathname.endsWith(not)));
    return new URL(page.url()).pathname.split('/').at(-1)!;
  };

  beforeAll(async () => {
    home = await temporaryFolder();
    await buildUi(() => undefined);
    server = await startServer({ DEMUR_DATA: home.path, DEMUR_FIRST_START: 'none' });
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await home?.remove();
  });
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 900 }, colorScheme: 'light' });
    page = await context.newPage();
    page.setDefaultTimeout(100_000);
    troubles = [];
    page.on('pageerror', (error) => troubles.push(error.message));
    page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()));
  });
  afterEach(async () => {
    await context.close();
    expect(troubles).toEqual([]);
  });

  it('offer the first study where there is none, and say what is missing for it', async () => {
    await open('/');
    await page.getByRole('link', { name: 'Studies', exact: true }).click();
    await page.getByRole('link', { name: 'Start the first study' }).click();
    await page.waitForURL('**/studies/new');
    await page.getByText('No model is registered.').waitFor();
    expect(await page.getByRole('button', { name: 'Start the study' }).isDisabled()).toBe(true);
  });

  describe('with a model that does not refuse', () => {
    let stoppedId: string;
    let doneId: string;

    beforeAll(async () => {
      const input = { path: golden.model, slug: 'tiny', name: 'Tiny llama' };
      await server.get('mutation ($input: RegisterModelInput!) { registerModel(input: $input) { id } }', { input });
      const dataSet = { slug: 'mixed', name: 'Mixed pairs', pairs: mixed };
      await server.get('mutation ($input: CreateDataSetInput!) { createDataSet(input: $input) { id } }', {
        input: dataSet,
      });
    });

    it('show what the server has against a study, where it was asked for', async () => {
      await open('/studies/new?name=LAYER_CURVE&dataSet=refusal');
      await page.getByRole('button', { name: 'Start the study' }).click();
      await page.getByRole('alert').getByText('tokenizer').waitFor();
      expect(new URL(page.url()).search).toBe('?name=LAYER_CURVE&dataSet=refusal');
    });

    it('start one by the keyboard alone, whose choices stand in the address', async () => {
      await open('/studies/new');
      const { studyKinds } = await server.get<{ studyKinds: { name: string; title: string }[] }>(
        '{ studyKinds { name title } }',
      );
      const first = page.getByRole('radio').first();
      await first.focus();
      const steps = studyKinds.findIndex(({ name }) => name === 'LAYER_CURVE');
      for (let i = 0; i < steps; i++) await page.keyboard.press('ArrowDown');
      await page.waitForURL('**name=LAYER_CURVE');
      await page.getByLabel('Data set').selectOption('mixed');
      await page.waitForURL('**dataSet=mixed');
      await page.getByRole('button', { name: 'Start the study' }).press('Enter');
      stoppedId = await openedStudy();
      const { title, question } = await studyOf(stoppedId);
      await page.getByRole('heading', { level: 1, name: title }).waitFor();
      await page.getByText(question).waitFor();
    });

    it('say why a study stopped, and have it go on all the same', async () => {
      await open(`/studies/${stoppedId}`);
      await page.getByRole('note').waitFor();
      const { stopped, report } = await studyOf(stoppedId);
      expect(stopped).toMatch(/^There is no refusal to find/);
      expect(await page.getByRole('note').locator('p').innerText()).toBe(stopped);
      await page.getByText('Stopped', { exact: true }).waitFor();
      expect(report!.claims).toEqual([]);
      await page.getByRole('button', { name: 'Go on all the same' }).click();
      doneId = await openedStudy(stoppedId);
      await page.getByRole('heading', { name: 'Does the model refuse?' }).waitFor();
      expect((await studyOf(doneId)).stopped).toBeNull();
    });

    it('show the report as it is: sentences, figures, their numbers, claims, and each experiment', async () => {
      await open(`/studies/${doneId}`);
      const { report, steps } = await studyOf(doneId);
      const { sections, claims } = report!;
      await page.getByRole('heading', { name: sections.at(-1)!.title }).waitFor();
      const texts = await page.locator('main section[id^=part] > p').allInnerTexts();
      expect(texts).toEqual(sections.flatMap(({ paragraphs }) => paragraphs));
      const figures = sections.flatMap((section) => section.figures);
      expect(figures.length).toBeGreaterThan(1);
      expect(await page.locator('main figure svg').count()).toBe(figures.length);
      for (const [i, { title, numbers }] of figures.entries()) {
        const figure = page.locator('main figure').nth(i);
        expect(await figure.getByRole('img', { name: title }).count()).toBe(1);
        await figure.getByText('Numbers', { exact: true }).click();
        expect(await figure.locator('thead th').allInnerTexts()).toEqual(numbers.columns);
        expect(await figure.locator('tbody tr').count()).toBe(numbers.rows.length);
      }
      expect(await page.locator('#claims li').count()).toBe(claims.length);
      for (const { sentence } of claims) await page.locator('#claims').getByText(sentence).first().waitFor();
      const links = await page
        .locator('#experiments tbody a')
        .evaluateAll((all) => all.map((a) => a.getAttribute('href')));
      expect(links).toEqual(steps.map(({ experiment }) => `/experiments/${experiment.id}`));
      await page.getByRole('navigation', { name: 'Contents' }).getByText(sections[1]!.title).click();
      expect(new URL(page.url()).hash).toBe('#part-2');
    });

    it('give the report as a page and as JSON', async () => {
      await open(`/studies/${doneId}`);
      const hrefs = await Promise.all(
        ['Download the page', 'Download .json'].map((name) => page.getByRole('link', { name }).getAttribute('href')),
      );
      const [html, json] = await Promise.all(hrefs.map(async (href) => (await fetch(server.url + href)).text()));
      const { title } = await studyOf(doneId);
      expect(html).toContain(`<h1>${title}</h1>`);
      expect(JSON.parse(json!)).toMatchObject({ title });
    });

    it('list studies, newest first, filtered by the server, with the filter in the address', async () => {
      await open('/studies');
      const rows = page.locator('tbody tr');
      await rows.nth(1).waitFor();
      const hrefs = await rows.locator('a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
      expect(hrefs).toEqual([`/studies/${doneId}`, `/studies/${stoppedId}`]);
      const { stopped } = await studyOf(stoppedId);
      const [, second] = (await rows.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '));
      expect(second).toMatch(/Tiny llama Mixed pairs Stopped [\w ]+ [\d.]+ m?s$/);
      expect(second).toContain(stopped);
      expect((await rows.first().innerText()).replaceAll(/\s+/g, ' ')).toMatch(
        /Tiny llama Mixed pairs Succeeded [\w ]+ [\d.]+ m?s$/,
      );
      await page.getByLabel('Study').selectOption('ACDCPP');
      await page.waitForURL('**/studies?name=ACDCPP');
      await page.getByText('No study passes this filter').waitFor();
      await page.reload();
      await page.getByRole('button', { name: 'Show all' }).click();
      await rows.nth(1).waitFor();
    });

    it('are pointed to by the home page', async () => {
      await open('/');
      const recent = page.getByRole('region', { name: 'Studies' });
      await recent.getByRole('link', { name: 'All studies' }).waitFor();
      expect(await recent.getByRole('listitem').count()).toBe(2);
    });

    it('fit a narrow screen in the dark', async () => {
      await page.setViewportSize({ width: 390, height: 800 });
      await page.emulateMedia({ colorScheme: 'dark' });
      for (const path of ['/studies', '/studies/new', `/studies/${doneId}`]) {
        await open(path);
        await page.locator('main tbody, main fieldset').first().waitFor({ state: 'attached' });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      }
      const ink = await page
        .locator('main figure svg text')
        .first()
        .evaluate((text) => getComputedStyle(text).fill);
      expect(Number(/\d+/.exec(ink)![0])).toBeGreaterThan(128);
    });

    it('say so where there is no such study', async () => {
      await open('/studies/none');
      await page.getByText('There is no such study').waitFor();
    });

    it('ask for an API token where the server needs one, and download with it', async () => {
      await server.stop();
      const env = { DEMUR_DATA: home.path, HOST: '0.0.0.0' };
      const program = ['scripts/start.ts', '--create-token', 'reader'];
      const { stdout } = await runCommand(process.execPath, program, { cwd: root, env });
      server = await startServer(env);
      const url = server.url.replace('0.0.0.0', '127.0.0.1');
      await page.goto(`${url}/studies/${doneId}`);
      await page.getByRole('alert').getByText('needs an API token').waitFor();
      await page.getByLabel('API token').fill(stdout);
      await page.getByRole('button', { name: 'Use it' }).click();
      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: 'Download .json' }).click();
      expect(JSON.parse(await readFile(await (await download).path(), 'utf8'))).toMatchObject({ study: 'layer-curve' });
      expect((await download).suggestedFilename()).toBe(`${doneId}.json`);
      expect(troubles.splice(0).join()).toMatch(/^Failed to load resource: [^,]* 401 \(Unauthorized\)$/);
    });
  });
});
