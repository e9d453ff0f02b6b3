/**
 * The pages as people meet them: the real server with a tiny model and its results, in real Chromium. What a page shows is
 * compared with what GraphQL answers to a query written out here.
 */
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildUi } from '../../scripts/build-ui.ts';
import { ended, startServer, temporaryFolder, type TestServer } from '../api/server.ts';
import { goldenCase } from '../golden/golden-case.ts';
import { chromiumMissing, startChromium } from '../support/chromium.ts';

const missing = await chromiumMissing();

const golden = goldenCase('llama_gqa_tied', 'plain');
const dataSet = { slug: 'golden-pairs', name: 'Golden pairs', pairs: golden.pairs };
const base = { model: 'tiny', pairs: 'golden-pairs' };
const patching = {
  ...base,
  kind: 'activation-patching',
  options: { activations: ['resid_pre', 'z'], positions: 'each' },
};
const attribution = { ...base, kind: 'attribution', options: { kvHeads: 'native' } };

interface Measured {
  name: string;
  measured: number | null;
}

const minus = (text: string): number => Number(text.replace('−', '-'));

describe.skipIf(missing)(`the pages${missing ? ` (${missing})` : ''}`, () => {
  let home: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: TestServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let troubles: string[];
  let patchingId: string;
  let attributionId: string;

  const create = async (spec: object): Promise<string> => {
    const mutation = 'mutation ($spec: JSON!) { createExperiment(spec: $spec) { id } }';
    const { createExperiment } = await server.get<{ createExperiment: { id: string } }>(mutation, { spec });
    return createExperiment.id;
  };
  const open = async (path: string): Promise<void> => {
    await page.goto(server.url + path);
  };

  beforeAll(async () => {
    home = await temporaryFolder();
    await buildUi(() => undefined);
    server = await startServer({ DEMUR_DATA: home.path });
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
    page.on('request', (request) => request.url().startsWith(server.url) || troubles.push(`asked ${request.url()}`));
  });
  afterEach(async () => {
    await context.close();
    expect(troubles).toEqual([]);
  });

  describe('before anything has run', () => {
    it('offers the first experiment to try', async () => {
      await open('/');
      await page.getByRole('link', { name: 'Set up the first experiment' }).click();
      await page.waitForURL('**/experiments/new');
      await page.getByRole('heading', { name: 'New experiment' }).waitFor();
    });

    it('says how to get models and data sets', async () => {
      await open('/models');
      await page.getByText('registerModel').waitFor();
      await open('/data-sets');
      await page.getByText('createDataSet').waitFor();
    });
  });

  describe('with a model, pairs and two experiments', () => {
    beforeAll(async () => {
      const input = { path: golden.model, slug: 'tiny', name: 'Tiny llama' };
      await server.get('mutation ($input: RegisterModelInput!) { registerModel(input: $input) { id } }', { input });
      await server.get('mutation ($input: CreateDataSetInput!) { createDataSet(input: $input) { id } }', {
        input: dataSet,
      });
      patchingId = await create(patching);
      attributionId = await create(attribution);
      for (const id of [patchingId, attributionId])
        expect(await ended(server, id)).toMatchObject({ status: 'SUCCEEDED' });
    });

    it('lists models and data sets', async () => {
      await open('/models');
      await page.getByRole('heading', { name: 'Tiny llama' }).waitFor();
      expect(
        await page.getByText(`${golden.json.n_heads}, ${golden.json.n_kv_heads} for keys and values`).count(),
      ).toBe(1);
      await open('/data-sets');
      await page.getByRole('heading', { name: 'Golden pairs' }).waitFor();
      expect(await page.locator('tbody tr').count()).toBe(golden.pairs.length);
      const prompt = golden.pairs[0]!.clean as { tokens: number[] };
      expect(await page.locator('tbody td').first().innerText()).toBe(prompt.tokens.join(' '));
    });

    it('checks a model and shows what every check has measured', async () => {
      await open('/models');
      const checks = page.getByRole('region', { name: 'Checks of the engine on this model' });
      await checks.getByText('Never checked.').waitFor();
      await checks.getByRole('button', { name: 'Check' }).click();
      await checks.getByText(/^Passed on wasm .*just now$/).click();
      const row = checks.getByRole('row', { name: 'residual-sum' });
      const query = '{ models { checks { results { name measured } } } }';
      const answer = await server.get<{ models: { checks: { results: Measured[] }[] }[] }>(query);
      const { measured } = answer.models[0]!.checks[0]!.results.find(({ name }) => name === 'residual-sum')!;
      const [, outcome, shown, allowed] = await row.getByRole('cell').allInnerTexts();
      expect([outcome, minus(shown!), allowed]).toEqual(['passed', Number(measured!.toExponential(1)), '1.0e−4']);
      await checks.getByRole('button', { name: 'Check again' }).waitFor();
    });

    describe('the list', () => {
      const rows = (): Locator => page.locator('tbody tr');

      it('shows kind, model, data set and state of every experiment, newest first', async () => {
        await open('/');
        await rows().first().waitFor();
        const texts = (await rows().allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' '));
        expect(texts).toHaveLength(2);
        expect(texts[0]).toMatch(/^Attribution Tiny llama Golden pairs Succeeded just now [\d.]+ s$/);
        expect(texts[1]).toMatch(/^Activation patching Tiny llama Golden pairs Succeeded just now [\d.]+ s$/);
      });

      it('is filtered by the server, and the address holds the filter', async () => {
        await open('/');
        await rows().nth(1).waitFor();
        await page.getByLabel('Kind').selectOption('ATTRIBUTION');
        await page.waitForURL('**/?kind=ATTRIBUTION');
        await expect.poll(() => rows().count()).toBe(1);
        await page.reload();
        await rows().first().waitFor();
        expect(await rows().count()).toBe(1);
        await page.getByLabel('Status').selectOption('FAILED');
        await page.getByRole('button', { name: 'Show all' }).click();
        await expect.poll(() => rows().count()).toBe(2);
        expect(new URL(page.url()).search).toBe('');
      });

      it('leads to the experiment', async () => {
        await open('/');
        await page.getByRole('link', { name: 'Activation patching' }).click();
        await page.waitForURL(`**/experiments/${patchingId}`);
        await page.getByRole('heading', { name: 'Activation patching' }).waitFor();
      });
    });

    describe('the heat maps', () => {
      const query = `query ($id: ID!) { experiment(id: $id) { patchingGrids {
        activation baselineClean baselineCorrupted values normalised rows { kind labels } columns { kind labels } } } }`;
      type GridAnswer = {
        activation: string;
        values: number[][];
        normalised: number[][];
        rows: { kind: string; labels: string[] };
        columns: { kind: string; labels: string[] };
      };
      const grids = async (): Promise<GridAnswer[]> => {
        const answer = await server.get<{ experiment: { patchingGrids: GridAnswer[] } }>(query, { id: patchingId });
        return answer.experiment.patchingGrids;
      };
      const map = (activation: string): Locator => page.getByRole('grid', { name: new RegExp(`^${activation}:`) });
      /** The numbers in the words of every cell, the top row last, as GraphQL orders them. */
      const numbers = async (activation: string): Promise<number[][]> => {
        const lines = await map(activation).locator('tbody tr').all();
        const cells = lines.map((line) =>
          line.getByRole('gridcell').evaluateAll((all) => all.map((cell) => cell.getAttribute('aria-label') ?? '')),
        );
        const words = await Promise.all(cells);
        return words.reverse().map((line) => line.map((text) => minus(text.split(': ').at(-1)!)));
      };
      const rounded = (rows: number[][]): number[][] =>
        rows.map((row) => row.map((value) => Number(value.toPrecision(3))));

      it('have the values that GraphQL gives, for both measures', async () => {
        const [resid, z] = await grids();
        await open(`/experiments/${patchingId}?prefix=open`);
        await map('resid_pre').waitFor();
        expect(await numbers('resid_pre')).toEqual(rounded(resid!.normalised));
        await page.getByText('Logit difference', { exact: true }).click();
        await page.waitForURL('**measure=raw**');
        await expect.poll(() => numbers('resid_pre')).toEqual(rounded(resid!.values));
        const shown = await map('z').locator('tbody th').allInnerTexts();
        expect(shown.every((label) => z!.rows.labels.includes(label))).toBe(true);
      });

      it('fold the tokens that both prompts share, and open them', async () => {
        const [resid] = await grids();
        await open(`/experiments/${patchingId}`);
        await map('resid_pre').waitFor();
        const folded = await map('resid_pre').locator('thead button').count();
        const { pairs } = (
          await server.get<{ experiment: { pairs: { firstDifference: number }[] } }>(
            'query ($id: ID!) { experiment(id: $id) { pairs { firstDifference } } }',
            { id: patchingId },
          )
        ).experiment;
        const first = Math.min(...pairs.map(({ firstDifference }) => firstDifference));
        const all = resid!.columns.labels.length;
        expect(folded).toBe(first >= 3 ? all - first + 1 : all);
        if (first < 3) return;
        await page.getByRole('checkbox', { name: /shared tokens/ }).click();
        await expect.poll(() => map('resid_pre').locator('thead button').count()).toBe(all);
      });

      it('are walked by arrow keys, one cell at a time taking the focus', async () => {
        await open(`/experiments/${patchingId}`);
        const cells = map('resid_pre').getByRole('gridcell');
        await cells.first().focus();
        const focused = (): Promise<string | null> => page.locator(':focus').getAttribute('aria-label');
        const label = (row: number, column: number): Promise<string | null> =>
          map('resid_pre').locator(`[data-row="${row}"][data-column="${column}"]`).getAttribute('aria-label');
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('ArrowRight');
        expect(await focused()).toBe(await label(1, 2));
        expect(await map('resid_pre').locator('td[tabindex="0"]').count()).toBe(1);
        await page.keyboard.press('Home');
        expect(await focused()).toBe(await label(1, 0));
        await page.keyboard.press('Control+End');
        expect((await focused())!.startsWith('L0, ')).toBe(true);
      });

      it('tell the cell under the pointer', async () => {
        const [resid] = await grids();
        await open(`/experiments/${patchingId}?prefix=open`);
        const last = map('resid_pre').locator('tbody tr').last().getByRole('gridcell').last();
        await last.hover();
        const value = Number(resid!.normalised[0]!.at(-1)!.toPrecision(3));
        const readout = page.locator('figure').first().locator('p');
        await expect.poll(async () => minus((await readout.innerText()).split(' ').at(-1)!)).toBe(value);
      });

      it('can be read as a table of numbers', async () => {
        const [resid] = await grids();
        await open(`/experiments/${patchingId}?prefix=open&view=table`);
        const table = page.getByRole('table', { name: /^resid_pre:/ });
        await table.waitFor();
        const cells = await table.locator('tbody tr').last().locator('td').allInnerTexts();
        expect(cells.map(minus)).toEqual(resid!.normalised[0]!.map((value) => Number(value.toPrecision(5))));
      });

      it('have a line by layer for each chosen column', async () => {
        await open(`/experiments/${patchingId}`);
        const lines = page.locator('section[aria-label="Layer curves"] svg g[data-line]');
        await expect.poll(() => lines.count()).toBe(2);
        await expect.poll(() => lines.first().locator('path').first().getAttribute('d')).toMatch(/^M.*Z$/);
        await map('resid_pre').getByRole('gridcell').nth(1).click();
        await page.waitForURL('**columns=**');
        await expect.poll(() => lines.count()).not.toBe(2);
      });
    });

    describe('the circuit', () => {
      type EdgeAnswer = { name: string; score: number; rank: number };
      let circuitId: string;
      const edgesOf = async (args: string): Promise<EdgeAnswer[]> => {
        const query = `query ($id: ID!) { circuit(id: $id) { edges(${args}) { nodes { name score rank } } } }`;
        const answer = await server.get<{ circuit: { edges: { nodes: EdgeAnswer[] } } }>(query, { id: circuitId });
        return answer.circuit.edges.nodes;
      };
      const table = (): Locator => page.locator('section[aria-label="Edges"]');
      const names = (): Promise<(string | null)[]> =>
        table()
          .locator('tbody tr')
          .evaluateAll((rows) => rows.map((row) => row.getAttribute('data-edge')));

      beforeAll(async () => {
        const query = 'query ($id: ID!) { experiment(id: $id) { circuit { id } } }';
        const answer = await server.get<{ experiment: { circuit: { id: string } } }>(query, { id: attributionId });
        circuitId = answer.experiment.circuit.id;
      });

      it('is reached from its experiment', async () => {
        await open(`/experiments/${attributionId}`);
        await page.getByRole('link', { name: 'Explore the circuit' }).click();
        await page.waitForURL(`**/circuits/${circuitId}`);
      });

      it('shows the top edges as GraphQL orders them, and the next page', async () => {
        const top = await edgesOf('first: 50');
        await open(`/circuits/${circuitId}`);
        await table().locator('tbody tr').first().waitFor();
        expect(await names()).toEqual(top.slice(0, 25).map(({ name }) => name));
        const scores = await table().locator('tbody td:nth-child(5)').allInnerTexts();
        expect(scores.map(minus)).toEqual(top.slice(0, 25).map(({ score }) => Number(score.toPrecision(3))));
        await table().getByRole('button', { name: 'Next' }).click();
        await expect.poll(names).toEqual(top.slice(25, 50).map(({ name }) => name));
        await table().getByRole('button', { name: 'Previous' }).click();
        await expect.poll(names).toEqual(top.slice(0, 25).map(({ name }) => name));
      });

      it('draws as many edges as asked for, a node each end', async () => {
        const top = await edgesOf('first: 30');
        await open(`/circuits/${circuitId}?n=30`);
        const drawing = page.getByRole('group', { name: 'Graph of 30 edges; arrow keys walk its nodes' });
        await drawing.waitFor();
        const drawn = await drawing
          .locator('[data-node]')
          .evaluateAll((all) => all.map((n) => n.getAttribute('data-node')));
        const ends = top.flatMap(({ name }) => name.split('->').map((end) => end.replace(/<.>$/, '')));
        expect(drawn.sort()).toEqual([...new Set(ends)].sort());
        expect(await drawing.locator('path').count()).toBe(30);
        const negative = top.filter(({ score }) => score < 0).length;
        expect(await drawing.locator('path[data-sign="negative"]').count()).toBe(negative);
      });

      it('is filtered by the server, and the address holds the filter', async () => {
        await open(`/circuits/${circuitId}`);
        await table().locator('tbody tr').first().waitFor();
        await page.getByRole('search').getByText('MLPs').first().click();
        await page.getByLabel('Sign').selectOption('NEGATIVE');
        await page.waitForURL('**from=MLP&sign=NEGATIVE');
        const filtered = await edgesOf('first: 25, filter: { sender: { kinds: [MLP] }, sign: NEGATIVE }');
        await expect.poll(names).toEqual(filtered.map(({ name }) => name));
        await page.reload();
        await expect.poll(names).toEqual(filtered.map(({ name }) => name));
        await page.getByRole('button', { name: 'Clear' }).click();
        await expect.poll(() => new URL(page.url()).search).toBe('');
      });

      it('shows the neighbourhood of a node chosen by keyboard', async () => {
        await open(`/circuits/${circuitId}?n=30`);
        const drawing = page.getByRole('group', { name: /^Graph of/ });
        await drawing.locator('[data-node][tabindex="0"]').focus();
        await page.keyboard.press('ArrowUp');
        const chosen = await page.locator(':focus').getAttribute('data-node');
        await page.keyboard.press('Enter');
        await page.waitForURL(`**node=${chosen}**`);
        const around = page.getByRole('complementary', { name: `Neighbourhood of ${chosen}` });
        await around.locator('tbody tr').first().waitFor();
        const query = `query ($id: ID!, $node: String!) { circuit(id: $id) { neighbourhood(node: $node, top: 20) { name } } }`;
        const answer = await server.get<{ circuit: { neighbourhood: { name: string }[] } }>(query, {
          id: circuitId,
          node: chosen,
        });
        const shown = await around
          .locator('tbody tr')
          .evaluateAll((all) => all.map((r) => r.getAttribute('data-edge')));
        expect(shown).toEqual(answer.circuit.neighbourhood.map(({ name }) => name));
      });

      it('gives its edges as a file', async () => {
        await open(`/circuits/${circuitId}`);
        const waiting = page.waitForEvent('download');
        await page.getByRole('link', { name: '.csv' }).click();
        expect((await waiting).suggestedFilename()).toBe(`${circuitId}.csv`);
      });
    });

    describe('a new experiment', () => {
      it('is set up by form, runs, and shows its result when it has ended', async () => {
        await open('/experiments/new');
        await page.getByText('z', { exact: true }).click();
        await page.getByLabel('Positions').fill('last');
        await page.getByRole('button', { name: 'Run experiment' }).click();
        await page.waitForURL(/experiments\/(?!new)[^/]+$/);
        await page.getByText('Succeeded').waitFor();
        await page.getByRole('grid', { name: /^mlp_out:/ }).waitFor();
        const id = page.url().split('/').at(-1);
        const { experiment } = await server.get<{ experiment: { spec: object } }>(
          'query ($id: ID!) { experiment(id: $id) { spec } }',
          { id },
        );
        expect(experiment.spec).toMatchObject({
          ...base,
          options: {
            activations: ['resid_pre', 'attn_out', 'mlp_out', 'z'],
            positions: 'last',
            direction: 'denoising',
          },
        });
      });

      it('makes the model write, and says what is wrong with a direction', async () => {
        await open('/experiments/new');
        await page.getByText('Steering', { exact: true }).click();
        await page.getByRole('textbox', { name: 'Direction' }).fill('nowhere.safetensors');
        await page.getByRole('button', { name: 'Run experiment' }).click();
        await page.getByRole('alert').filter({ hasText: 'nowhere.safetensors' }).waitFor();
        expect(await page.getByRole('textbox', { name: 'Direction' }).getAttribute('aria-invalid')).toBe('true');
        await page.getByText('Generation', { exact: true }).click();
        await page.getByRole('textbox', { name: 'Tokens' }).fill('8');
        await page.getByRole('button', { name: 'Run experiment' }).click();
        await page.waitForURL(/experiments\/(?!new)[^/]+$/);
        const cell = page.getByRole('region', { name: 'Completions' }).locator('tbody td');
        await cell.first().waitFor();
        const texts = golden.tokens['generate.plain']!.map((tokens) => `${tokens.join(' ')}…`);
        expect(await cell.allInnerTexts()).toEqual(texts);
      });

      it("shows the server's sentence at the field", async () => {
        await open('/experiments/new');
        await page.getByLabel('Positions').fill('object');
        await page.getByRole('button', { name: 'Run experiment' }).click();
        const { errors } = await server.ask('mutation ($spec: JSON!) { createExperiment(spec: $spec) { id } }', {
          spec: { ...patching, options: { positions: ['object'] } },
        });
        expect(errors![0]!.extensions).toMatchObject({ code: 'INVALID_SPEC', path: 'options.positions[0]' });
        await page.getByRole('alert').filter({ hasText: errors![0]!.message }).waitFor();
        expect(await page.getByLabel('Positions').getAttribute('aria-invalid')).toBe('true');
      });

      it("shows the server's sentence at the line of the JSON", async () => {
        await open('/experiments/new');
        await page.getByText('JSON', { exact: true }).click();
        const editor = page.getByLabel('Specification as JSON');
        const spec = { ...base, kind: 'attribution', options: { kvHeads: 'both' } };
        const text = JSON.stringify(spec, null, 2);
        await editor.fill(text);
        await page.getByRole('button', { name: 'Run experiment' }).click();
        const line = text.split('\n').findIndex((one) => one.includes('kvHeads')) + 1;
        await page
          .getByRole('alert')
          .filter({ hasText: `Line ${line}: ` })
          .waitFor();
        await editor.fill('{ "kind": ');
        await page.getByRole('button', { name: 'Run experiment' }).click();
        await page.getByRole('alert').filter({ hasText: 'This is not JSON yet' }).waitFor();
      });
    });

    it('shows the progress of a long experiment as it comes, and stops it when asked', async () => {
      const pairs = Array.from({ length: 600 }, () => golden.pairs).flat();
      const options = { activations: ['resid_pre', 'attn_out', 'mlp_out', 'z'], positions: 'each' };
      const id = await create({ kind: 'activation-patching', model: 'tiny', pairs, options });
      await open(`/experiments/${id}`);
      const bar = page.getByRole('progressbar');
      const percent = async (): Promise<number> => Number(await bar.getAttribute('value'));
      await bar.waitFor();
      const first = await percent();
      await expect.poll(percent).toBeGreaterThan(first);
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByText('Cancelled').waitFor();
      await page.getByRole('button', { name: 'Run again' }).waitFor();
      expect(await ended(server, id)).toMatchObject({ status: 'CANCELLED' });
    });

    it('shows what steering makes the model write, and does to the metric', async () => {
      const values = [...golden.arrays['steer.vector']!.values];
      const options = {
        direction: { values },
        coefficients: [0, 1.5],
        layers: [golden.json.steer.layer],
        maxTokens: 8,
      };
      const id = await create({ ...base, kind: 'steering', options });
      expect(await ended(server, id)).toMatchObject({ status: 'SUCCEEDED' });
      await open(`/experiments/${id}`);
      const table = page.getByRole('region', { name: 'Completions' });
      await table.getByRole('heading', { name: 'Completions of the clean prompts' }).waitFor();
      const rows = await table.locator('tbody tr').all();
      expect(rows).toHaveLength(4);
      for (const [i, row] of rows.entries()) {
        const [coefficient, metric, text] = await row.locator('td').allInnerTexts();
        const [pair, isSteered] = [Math.floor(i / 2), i % 2 === 1];
        expect(coefficient).toBe(isSteered ? '1.50' : '0');
        const tokens = golden.tokens[isSteered ? 'generate.add_all_pos' : 'generate.plain']![pair]!;
        expect(text).toBe(`${tokens.join(' ')}…`);
        if (!isSteered) expect(minus(metric!)).toBeCloseTo(golden.arrays['clean.metric']!.values[pair]!, 1);
      }
      const sweep = page.getByRole('region', { name: 'Mean over pairs' });
      expect(await sweep.locator('tr').first().locator('td').allInnerTexts()).toEqual(['0', '1.50']);
      const query = 'query ($id: ID!) { experiment(id: $id) { steeringSweep { flips kl baseline } } }';
      type Swept = { experiment: { steeringSweep: { flips: number[]; kl: number[]; baseline: number } } };
      const { steeringSweep } = (await server.get<Swept>(query, { id })).experiment;
      const cells = (name: string): Promise<string[]> =>
        sweep.getByRole('row', { name }).getByRole('cell').allInnerTexts();
      expect(await cells('flipped pairs')).toEqual([...steeringSweep.flips.map((share) => `${100 * share} %`), '']);
      const [, kl] = await cells('KL from the plain run');
      expect(minus(kl!)).toBeCloseTo(steeringSweep.kl[1]!, 2);
      expect(minus((await cells('logit difference')).at(-1)!)).toBeCloseTo(steeringSweep.baseline, 2);
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    });

    it('shows what every direction does, and gives one a name', async () => {
      const options = { layers: [0, 1], position: [-2, -1], select: true, minAddition: -100, maxKl: 100 };
      const id = await create({ ...base, kind: 'direction', options });
      expect(await ended(server, id)).toMatchObject({ status: 'SUCCEEDED' });
      const query = `query ($id: ID!) { directions { slug layer position } experiment(id: $id) {
        directionCandidates { ablation kl selected { layer position } } } }`;
      type Found = { ablation: number[][]; kl: number[][]; selected: { layer: number; position: string } };
      type Answer = { directions: object[]; experiment: { directionCandidates: Found } };
      const { selected, ...tables } = (await server.get<Answer>(query, { id })).experiment.directionCandidates;
      await open(`/experiments/${id}`);
      const candidates = page.getByRole('region', { name: 'Candidates' });
      const shown = async (): Promise<number[][]> => {
        const rows = await candidates.locator('tbody tr').all();
        const texts = await Promise.all(rows.map((row) => row.locator('td').allInnerTexts()));
        return texts.reverse().map((row) => row.map((text) => minus(text.replace(' chosen', ''))));
      };
      const rounded = (rows: number[][]) => rows.map((row) => row.map((value) => Number(value.toPrecision(3))));
      await candidates.waitFor();
      expect(await shown()).toEqual(rounded(tables.ablation));
      expect(await candidates.locator('td[aria-selected="true"]').count()).toBe(1);
      await candidates.getByText('KL divergence, ablated', { exact: true }).click();
      await expect.poll(shown).toEqual(rounded(tables.kl));
      await page.getByLabel('Name', { exact: true }).fill('page-direction');
      await page.getByRole('button', { name: 'Name it' }).click();
      await page.getByText('Specifications call it page-direction now.').waitFor();
      expect((await server.get<Answer>(query, { id })).directions).toEqual([{ slug: 'page-direction', ...selected }]);
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    });

    it('says what is not there', async () => {
      await open('/experiments/nothing');
      await page.getByText('There is no such experiment').waitFor();
      await open('/circuits/nothing');
      await page.getByText('There is no such circuit').waitFor();
    });

    it('says when the server is gone, and goes on when it is back', async () => {
      await page.route('**/graphql', (route) => route.abort());
      await open('/models');
      await page.getByRole('alert').filter({ hasText: 'The demur server cannot be reached' }).waitFor();
      await page.unroute('**/graphql');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('heading', { name: 'Tiny llama' }).waitFor();
      troubles = troubles.filter((text) => !text.includes('ERR_FAILED'));
    });

    it('is dark where the system is, and as chosen after a reload', async () => {
      const background = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor');
      await open('/');
      const light = await background();
      await page.emulateMedia({ colorScheme: 'dark' });
      const dark = await background();
      expect(dark).not.toBe(light);
      const toggle = page.getByRole('button', { name: /^Colour theme/ });
      await toggle.click();
      expect(await background()).toBe(light);
      await page.reload();
      expect(await background()).toBe(light);
      await toggle.click();
      await page.emulateMedia({ colorScheme: 'light' });
      expect(await background()).toBe(dark);
    });

    it('fits a narrow screen: nothing but tables scrolls sideways', async () => {
      await page.setViewportSize({ width: 360, height: 740 });
      const query = 'query ($id: ID!) { experiment(id: $id) { circuit { id } } }';
      const { experiment } = await server.get<{ experiment: { circuit: { id: string } } }>(query, {
        id: attributionId,
      });
      const ofResults = [`/experiments/${patchingId}`, `/circuits/${experiment.circuit.id}?node=m0`];
      for (const path of ['/', '/models', '/data-sets', '/experiments/new', ...ofResults]) {
        await open(path);
        await page.waitForLoadState('networkidle');
        const width = await page.evaluate<number>('document.documentElement.scrollWidth');
        expect(width, path).toBeLessThanOrEqual(360);
      }
    });
  });
});
