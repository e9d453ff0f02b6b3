/**
 * `npm run bench [-- --repeats N] [--write]`: engine time of the main experiments on SmolLM2-135M-Instruct, 16 pairs of 38
 * tokens, in units of PyTorch's plain forward pass on the same tokens, timed right before and after. Medians; loading
 * and the first, warming run are left out. Without a Python that has torch and transformers only seconds are given.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { openEnginePool, parseSpec, prepareExperiment, runExperiment } from '@demur/interp';
import { openModelSource } from '@demur/model';
import { fetchSmollm2 } from '../../scripts/fetch-smollm2.ts';
import { median } from './median.ts';
import { timePasses, type PassTimes } from './pass-client.ts';
import { benchPairs } from './pairs.ts';

interface Row {
  what: string;
  seconds: number;
  peakBytes?: number;
}

const { values: options } = parseArgs({
  options: { repeats: { type: 'string', default: '5' }, write: { type: 'boolean', default: false } },
});
const repeats = Number(options.repeats);
const threads = 2;
let backend = '';
const model = await fetchSmollm2((line) => console.error(line));

const experiments: [string, { kind: string; options: object }][] = [
  [
    'grid of resid_pre, 30 layers × 38 positions',
    { kind: 'activation-patching', options: { activations: ['resid_pre'] } },
  ],
  ['grid of attn_out', { kind: 'activation-patching', options: { activations: ['attn_out'] } }],
  ['grid of mlp_out', { kind: 'activation-patching', options: { activations: ['mlp_out'] } }],
  [
    'grid of 270 heads, all positions',
    { kind: 'activation-patching', options: { activations: ['z'], positions: 'all' } },
  ],
  ['EAP, expanded: 123,211 edges', { kind: 'attribution', options: { kvHeads: 'expanded' } }],
  ['EAP, native', { kind: 'attribution', options: { kvHeads: 'native' } }],
];

/** PyTorch's passes on the pairs' own tokens; null without PyTorch. */
async function torchPasses(): Promise<PassTimes | null> {
  return (await timePasses(['torch'], tokens, { model, repeats, threads })).get('torch') ?? null;
}

/** Runs one experiment in an engine of its own, so that the peak is its own too. */
async function timeExperiment(what: string, spec: { kind: string; options: object }): Promise<Row> {
  const pool = await openEnginePool();
  const parsed = parseSpec({ ...spec, model, pairs: benchPairs });
  const times: number[] = [];
  let peakBytes = 0;
  for (let run = 0; run <= repeats; run++) {
    const { record } = (await runExperiment(parsed, { pool })).result;
    if (run > 0) times.push(record.seconds.run);
    peakBytes = Math.max(peakBytes, record.peakBytes);
  }
  await pool.close();
  backend = `${pool.backend} ${pool.backendVersion}`;
  return { what, seconds: median(times), peakBytes };
}

function table(rows: Row[], unit: number | null): string {
  const cells = rows.map(({ what, seconds, peakBytes }) => [
    what,
    seconds.toFixed(2),
    unit === null ? '' : (seconds / unit).toFixed(2),
    peakBytes === undefined ? '' : (peakBytes / 1e9).toFixed(2),
  ]);
  const head = ['what', 'seconds', 'PyTorch forwards', 'peak GB'];
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Both passes on 16 × 40 tokens, by turns with PyTorch's: ours in one pass, and on two threads that share the rows. */
async function passTable(): Promise<string> {
  const longer = tokens.map((row) => [...row.slice(0, 2), ...row]);
  const { weightSizes } = await openModelSource(model);
  const times = await timePasses(['torch', 'engine', 'threads'], longer, { model, repeats, threads });
  const torch = times.get('torch');
  const ways = { torch: 'PyTorch', engine: 'one process', threads: 'two worker threads, as experiments run' };
  const cells = [...times].flatMap(([name, of]) =>
    (['forward', 'forwardBackward'] as const).map((pass) => [
      `${pass === 'forward' ? 'forward' : 'forward and backward'}, ${ways[name]}`,
      of[pass].toFixed(3),
      torch === undefined ? '' : (of[pass] / torch[pass]).toFixed(2),
      of.peakBytes === 0 ? '' : ((of.peakBytes - weightSizes.all) / 1e9).toFixed(2),
    ]),
  );
  const head = ['pass', 'seconds', 'of PyTorch', 'peak GB over the weights'];
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

const prepared = await prepareExperiment(parseSpec({ kind: 'attribution', model, pairs: benchPairs, options: {} }));
const tokens = prepared.dataSet.pairs.map(({ clean }) => clean);
const plainPasses = await passTable();
console.error(plainPasses);
const before = await torchPasses();
const timed: Row[] = [];
for (const [what, spec] of experiments) {
  timed.push(await timeExperiment(what, spec));
  console.error(`${what}: ${timed.at(-1)?.seconds.toFixed(2)} s`);
}
const after = await torchPasses();

const torch = [before, after].filter((found) => found !== null);
const unit = torch.length === 0 ? null : median(torch.map(({ forward }) => forward));
const rows: Row[] = [
  ...torch.map(({ forward }, i) => ({ what: `PyTorch forward, time ${i + 1} of ${torch.length}`, seconds: forward })),
  ...timed,
];
const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
const versions = `backend ${backend}, Node ${process.version}, PyTorch ${torch[0]?.version ?? 'not installed'}`;
const report = `# Benchmarks

SmolLM2-135M-Instruct (float32), 16 pairs × 38 tokens, 8 of them from the first difference on. Medians of ${repeats} runs, engine
time without loading; \`npm run bench -- --write\` makes this page. One unit is PyTorch's plain forward pass of the same
16 × 38 tokens on ${threads} threads, last-position logits, the median of the times taken before and after.

${machine}; ${versions}; commit ${commit}; ${new Date().toISOString().slice(0, 10)}.

${table(rows, unit)}

## Plain passes

16 × 40 tokens; forward to last-position logits, and forward and backward to all residual streams, each way once in every turn of
${repeats}. PyTorch has ${threads} threads, ours ${threads} within an operation, or two workers of one thread with half of the rows each, from asking
both until both are done. Weights are shared, and warm. The peak is all that is resident, less the weights.

${plainPasses}
`;
console.log(report);
if (options.write) writeFileSync(new URL('../../docs/benchmarks.md', import.meta.url), report);
