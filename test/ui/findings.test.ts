/**
 * The pages of what experiments found, and their forms, in real Chromium on a real server with a tiny model. What a page shows
 * is compared with what GraphQL answers to a query written out here.
 */
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildUi } from '../../scripts/build-ui.ts';
import { ended, startServer, temporaryFolder, type TestServer } from '../api/server.ts';
import { goldenCase } from '../golden/golden-case.ts';
import { chromiumMissing, startChromium } from '../support/chromium.ts';

const missing = await chromiumMissing();

const golden = goldenCase('llama_gqa_tied', 'plain');
const base = { model: 'tiny', pairs: 'golden-pairs' };
const specs = {
  attribution: {
    kind: 'attribution',
    options: { kvHeads: 'native', bootstrap: 20, bootstrapTop: 30, checkExact: 6 },
  },
  edges: { kind: 'edge-patching', options: { edges: 'all', kvHeads: 'native' } },
  heads: { kind: 'head-scan', options: { top: 3, coefficients: [1, 4] } },
  discovery: { kind: 'circuit-discovery', options: { method: 'greedy', n: 40 } },
  evaluation: { kind: 'circuit-evaluation', options: { sizes: [5, 50, 200], completeness: true } },
};

/** A number as the pages write it, read back. */
const minus = (text: string): number => Number(text.replace('−', '-').replace(/ %$/, ''));
const rounded = (value: number): number => Number(value.toPrecision(3));

describe.skipIf(missing)(`the pages of findings${missing ? ` (${missing})` : ''}`, () => {
  let home: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: TestServer;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let troubles: string[];
  const ids = {} as Record<keyof typeof specs, string>;

  const open = (path: string): Promise<unknown> => page.goto(server.url + path);
  const openFinding = (name: keyof typeof specs, query = ''): Promise<unknown> =>
    open(`/experiments/${ids[name]}${query}`);
  const ask = async <Fields>(name: keyof typeof specs, fields: string): Promise<Fields> => {
    const query = `query ($id: ID!) { experiment(id: $id) { ${fields} } }`;
    return (await server.get<{ experiment: Fields }>(query, { id: ids[name] })).experiment;
  };
  const region = (name: string): Locator => page.getByRole('region', { name });
  /** The texts of a table's body, row by row. */
  const rows = async (inside: Locator): Promise<string[][]> => {
    await inside.locator('tbody tr').first().waitFor();
    const lines = await inside.locator('tbody tr').all();
    return Promise.all(lines.map((line) => line.locator('th, td').allInnerTexts()));
  };

  beforeAll(async () => {
    home = await temporaryFolder();
    await buildUi(() => undefined);
    server = await startServer({ DEMUR_DATA: home.path });
    browser = await startChromium();
    const model = { path: golden.model, slug: 'tiny', name: 'Tiny llama' };
    await server.get('mutation ($input: RegisterModelInput!) { registerModel(input: $input) { id } }', {
      input: model,
    });
    const dataSet = { slug: 'golden-pairs', name: 'Golden pairs', pairs: golden.pairs };
    await server.get('mutation ($input: CreateDataSetInput!) { createDataSet(input: $input) { id } }', {
      input: dataSet,
    });
    for (const [name, spec] of Object.entries(specs)) {
      const { createExperiment } = await server.get<{ createExperiment: { id: string } }>(
        'mutation ($spec: JSON!) { createExperiment(spec: $spec) { id } }',
        { spec: { ...base, ...spec } },
      );
      ids[name as keyof typeof specs] = createExperiment.id;
    }
    for (const id of Object.values(ids)) expect(await ended(server, id)).toMatchObject({ status: 'SUCCEEDED' });
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

  it('show an attribution against exact patching, and how sure it is', async () => {
    const { exactCheck, bootstrap } = await ask<{
      exactCheck: {
        all: { pearson: number; spearman: number; signs: number };
        edges: { name: string; score: number; exact: number; isTop: boolean }[];
      };
      bootstrap: { stability: number; top: { name: string; low: number; high: number }[] };
    }>(
      'attribution',
      'exactCheck { all { pearson spearman signs } edges { name score exact isTop } } bootstrap { stability top { name low high } }',
    );
    await openFinding('attribution');
    const check = region('Exact check');
    const { pearson, spearman, signs } = exactCheck.all;
    const [, , [, ...all]] = (await rows(check)) as [string[], string[], string[]];
    expect(all.map(minus)).toEqual([rounded(pearson), rounded(spearman), Math.round(signs * 100)]);
    const scatter = check.getByRole('img', { name: /^Score and exact effect of 12 edges$/ });
    expect(await scatter.locator('circle').count()).toBe(12);
    expect(await scatter.locator('circle[data-line="0"]').count()).toBe(6);
    await scatter.focus();
    await page.keyboard.press('ArrowRight');
    const { name, score, exact } = exactCheck.edges[0]!;
    const words = (await check.locator('p').last().innerText()).split(' · ');
    expect(words[0]).toBe(name);
    expect(words.slice(1).map((text) => minus(text.split(' ').at(-1)!))).toEqual([rounded(score), rounded(exact)]);
    const sure = await rows(region('Bootstrap'));
    expect(sure.map(([edge]) => edge)).toEqual(bootstrap.top.slice(0, 20).map((edge) => edge.name));
    expect(sure[0]![2]!.split(' to ').map(minus)).toEqual([bootstrap.top[0]!.low, bootstrap.top[0]!.high].map(rounded));
    await page.getByRole('button', { name: 'Show all 30' }).click();
    expect(await rows(region('Bootstrap'))).toHaveLength(30);
  });

  it('show the effects of an edge patching, a page at a time, the order in the address', async () => {
    const effects = async (order: string) =>
      (
        await ask<{ edgeEffects: { nodes: { name: string; effect: number }[] } }>(
          'edges',
          `edgeEffects(first: 100, orderBy: ${order}) { nodes { name effect } }`,
        )
      ).edgeEffects.nodes;
    const shown = async (): Promise<(string | null)[]> =>
      region('Effects')
        .locator('tbody tr')
        .evaluateAll((all) => all.map((row) => row.getAttribute('data-edge')));
    const strongest = await effects('ABSOLUTE_EFFECT_DESC');
    await openFinding('edges');
    const texts = await rows(region('Effects'));
    expect(await shown()).toEqual(strongest.slice(0, 50).map(({ name }) => name));
    expect(texts.map((row) => minus(row[4]!))).toEqual(strongest.slice(0, 50).map(({ effect }) => rounded(effect)));
    await page.getByRole('button', { name: 'Next' }).click();
    await expect.poll(shown).toEqual(strongest.slice(50).map(({ name }) => name));
    await page.getByLabel('Order').selectOption('most negative first');
    await page.waitForURL('**?order=EFFECT_ASC');
    const negative = (await effects('EFFECT_ASC')).slice(0, 50).map(({ name }) => name);
    await expect.poll(shown).toEqual(negative);
    await page.reload();
    await expect.poll(shown).toEqual(negative);
  });

  it('show every head of a scan, set off the chosen ones, and what they do together', async () => {
    const { headScan } = await ask<{
      headScan: {
        scores: number[][];
        heads: { name: string; score: number }[];
        validation: {
          patch: { score: number };
          steer: { induce: { metric: number }[]; inhibit: { metric: number }[] };
        };
      };
    }>(
      'heads',
      'headScan { scores heads { name score } validation { patch { score } steer { induce { metric } inhibit { metric } } } }',
    );
    await openFinding('heads');
    const map = page.getByRole('grid', { name: 'Refusal score by layer and head' });
    await map.waitFor();
    const words = await map
      .locator('tbody tr')
      .last()
      .getByRole('gridcell')
      .evaluateAll((all) => all.map((cell) => cell.getAttribute('aria-label') ?? ''));
    const [first] = headScan.scores;
    expect(words.map((text) => minus(text.split(': ')[1]!.replace(', chosen', '')))).toEqual(first!.map(rounded));
    const marked = await map
      .locator('[data-marked]')
      .evaluateAll((all) =>
        all.map((cell) => cell.getAttribute('aria-label')!.replace(/^L(\d+), (h\d+):.*$/, 'a$1.$2')),
      );
    expect(marked.sort()).toEqual(headScan.heads.map(({ name }) => name).sort());
    const chosen = await rows(region('Chosen heads'));
    expect(chosen.map(([, name, score]) => [name, minus(score!)])).toEqual(
      headScan.heads.map(({ name, score }) => [name, rounded(score)]),
    );
    const together = await rows(region('Validation'));
    expect(minus(together[0]![1]!)).toBe(rounded(headScan.validation.patch.score));
    const steps = together.slice(-2).map((row) => [minus(row[1]!), minus(row[3]!)]);
    const { induce, inhibit } = headScan.validation.steer;
    expect(steps).toEqual(induce.map(({ metric }, i) => [rounded(metric), rounded(inhibit[i]!.metric)]));
    await map.getByRole('gridcell').first().focus();
    await page.keyboard.press('Control+End');
    expect(await page.locator('figure p').first().innerText()).toBe(words.at(-1));
  });

  it('draw the circuit that a discovery found with its edges alone, and lead to it', async () => {
    interface Found {
      discoveredCircuit: { edgeCount: number; faithfulness: number };
      circuit: { id: string; edges: { nodes: { name: string }[] }; outside: { nodes: { name: string }[] } };
    }
    const { discoveredCircuit, circuit } = await ask<Found>(
      'discovery',
      'discoveredCircuit { edgeCount faithfulness } circuit { id edges(first: 500, filter: { inCircuit: true }) { nodes { name } } outside: edges(first: 25, filter: { inCircuit: false }) { nodes { name } } }',
    );
    const { edgeCount: count, faithfulness } = discoveredCircuit;
    await openFinding('discovery');
    const drawing = page.getByRole('group', { name: new RegExp(`^Graph of ${count} edges`) });
    await drawing.waitFor();
    expect(await drawing.locator('path').count()).toBe(count);
    const drawn = await drawing
      .locator('[data-node]')
      .evaluateAll((all) => all.map((n) => n.getAttribute('data-node')));
    const ends = circuit.edges.nodes.flatMap(({ name }) => name.split('->').map((end) => end.replace(/<.>$/, '')));
    expect(drawn.sort()).toEqual([...new Set(ends)].sort());
    expect(minus(await page.locator('dl dd').first().innerText())).toBe(rounded(faithfulness));
    await page.getByRole('link', { name: 'Explore the circuit' }).click();
    await page.waitForURL(`**/circuits/${circuit.id}?in=yes`);
    const names = (): Promise<(string | null)[]> =>
      region('Edges')
        .locator('tbody tr')
        .evaluateAll((all) => all.map((row) => row.getAttribute('data-edge')));
    await expect.poll(names).toEqual(circuit.edges.nodes.slice(0, 25).map(({ name }) => name));
    await page
      .getByRole('search')
      .getByRole('combobox', { name: /^Circuit/ })
      .selectOption('outside');
    await page.waitForURL('**?in=no');
    await expect.poll(names).toEqual(circuit.outside.nodes.map(({ name }) => name));
  });

  it('compare two circuits that the reader chooses, which the address holds', async () => {
    const circuitOf = async (name: keyof typeof specs): Promise<string> =>
      (await ask<{ circuit: { id: string } }>(name, 'circuit { id }')).circuit.id;
    const [a, b] = [await circuitOf('discovery'), await circuitOf('attribution')];
    await open(`/circuits/${a}`);
    await page.getByRole('link', { name: 'Compare' }).click();
    await page.waitForURL(`**/circuits/compare?a=${a}`);
    await page.getByLabel('Second').selectOption(b);
    await page.getByLabel('Edges at most').selectOption('50');
    await page.waitForURL(`**?a=${a}&b=${b}&top=50`);
    const { compareCircuits } = await server.get<{
      compareCircuits: { jaccard: number; shared: { name: string }[]; onlyInB: { name: string }[] };
    }>(`{ compareCircuits(a: "${a}", b: "${b}", top: 50) { jaccard shared { name } onlyInB { name } } }`);
    const first = async (title: string): Promise<string[]> => (await rows(region(title))).map(([name]) => name!);
    await expect.poll(() => first('In both')).toEqual(compareCircuits.shared.map(({ name }) => name));
    expect(await first('In the second alone')).toEqual(compareCircuits.onlyInB.map(({ name }) => name));
    expect(await page.locator('dl dd').first().innerText()).toContain(String(rounded(compareCircuits.jaccard)));
  });

  it('show the curve of an evaluation, a point a size, and its table', async () => {
    const { faithfulnessCurve } = await ask<{
      faithfulnessCurve: { points: { edges: number; faithfulness: number; completeness: number }[] };
    }>('evaluation', 'faithfulnessCurve { points { edges faithfulness completeness } }');
    const { points } = faithfulnessCurve;
    await openFinding('evaluation');
    const table = page.getByRole('table', { name: 'Circuits by size' });
    await table.waitFor();
    expect(
      (await rows(table)).map(([edges, , , faithful, complete]) => [edges, faithful, complete].map((t) => minus(t!))),
    ).toEqual(
      points.map(({ edges, faithfulness, completeness }) => [edges, rounded(faithfulness), rounded(completeness)]),
    );
    const chart = page.getByRole('img', { name: 'Faithfulness by share of edges' });
    const dots = await chart
      .locator('[data-line="0"] circle')
      .evaluateAll((all) => all.map((dot) => Number(dot.getAttribute('cx'))));
    expect(dots).toHaveLength(3);
    // 5, 50 and 200 edges on a logarithmic axis: a decade, then log10(4) of one.
    expect((dots[2]! - dots[1]!) / (dots[1]! - dots[0]!)).toBeCloseTo(Math.log10(4), 6);
    await chart.focus();
    await page.keyboard.press('ArrowRight');
    const told = await region('Faithfulness curve').locator('p').innerText();
    expect(told).toContain(`faithfulness of the circuit ${(await rows(table))[0]![3]}`);
  });

  it('fit a narrow screen, in the dark as well', async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.emulateMedia({ colorScheme: 'dark' });
    for (const name of Object.keys(specs) as (keyof typeof specs)[]) {
      await openFinding(name);
      await page.waitForLoadState('networkidle');
      expect(await page.evaluate<number>('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(360);
    }
    await open('/circuits/compare');
    await page.getByText('Choose two circuits').waitFor();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await open('/experiments/new?kind=CIRCUIT_DISCOVERY');
    await page.getByText('ACDC++', { exact: true }).waitFor();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });

  describe('a new experiment', () => {
    const created = async (): Promise<{ kind: string; options: object }> => {
      await page.waitForURL(/experiments\/(?!new)[^/]+$/);
      const { experiment } = await server.get<{ experiment: { spec: { kind: string; options: object } } }>(
        'query ($id: ID!) { experiment(id: $id) { spec } }',
        { id: page.url().split('/').at(-1) },
      );
      return experiment.spec;
    };

    it('finds a circuit by ACDC++ from a preset, after what is missing was told at its field', async () => {
      await open('/experiments/new');
      await page.getByText('Circuit discovery', { exact: true }).click();
      await page.waitForURL('**?kind=CIRCUIT_DISCOVERY');
      await page.getByText('ACDC++', { exact: true }).click();
      await page.getByRole('button', { name: 'Run experiment' }).click();
      const threshold = page.getByLabel('Threshold τ');
      await page.getByRole('alert').filter({ hasText: 'acdc++' }).waitFor();
      expect(await threshold.getAttribute('aria-invalid')).toBe('true');
      await page.getByRole('button', { name: 'ACDC++ of the top 2,000' }).click();
      await threshold.fill('0.5');
      await page.getByLabel('Edges to try').fill('30');
      await page.getByRole('button', { name: 'Run experiment' }).click();
      const options = { method: 'acdc++', tau: 0.5, pruneTo: 30, ablation: 'corrupted', dangling: 'prune' };
      expect(await created()).toMatchObject({ kind: 'circuit-discovery', options });
      await page.getByText('Edges tried').waitFor();
    });

    it('patches edges that a link names', async () => {
      const edges = encodeURIComponent('m0->a1.h2<q> input->m0');
      await open(`/experiments/new?kind=EDGE_PATCHING&options.edges=${edges}`);
      expect(await page.getByLabel('Names').inputValue()).toBe('m0->a1.h2<q> input->m0');
      await page.getByLabel('Keep the effect on every pair as well').check();
      await page.getByRole('button', { name: 'Run experiment' }).click();
      const options = { edges: ['m0->a1.h2<q>', 'input->m0'], perPair: true };
      expect(await created()).toMatchObject({ kind: 'edge-patching', options });
      expect(await rows(region('Effects'))).toHaveLength(2);
    });

    it('scans heads and evaluates circuits with the defaults of the specification', async () => {
      for (const [card, options] of [
        ['Head scan', { validate: ['patch', 'ablate', 'steer'], direction: 'denoising' }],
        ['Circuit evaluation', { ablation: 'corrupted', scores: { method: 'eap-ig' } }],
      ] as const) {
        await open('/experiments/new');
        await page.getByText(card, { exact: true }).click();
        await page.getByRole('button', { name: 'Run experiment' }).click();
        expect((await created()).options).toMatchObject(options);
        await page.getByText('Succeeded').waitFor();
      }
    });
  });
});
