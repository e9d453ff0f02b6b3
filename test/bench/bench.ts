/**
 * `npm run bench [-- --repeats N] [--write]`: engine time of the main experiments on SmolLM2-135M-Instruct, 16 pairs of 38
 * tokens, in units of PyTorch's plain forward pass on the same tokens, timed right before and after. Medians; loading
 * and the first, warming run are left out. Without a Python that has torch and transformers only seconds are given.
 */
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openEnginePool, parseSpec, prepareExperiment, runExperiment } from '@demur/interp';
import { fetchSmollm2 } from '../../scripts/fetch-smollm2.ts';
import { median } from './median.ts';
import { benchPairs } from './pairs.ts';

interface Passes {
  forward: number;
  forwardBackward: number;
  version?: string;
  peakBytes?: number;
}

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

/** Runs a program that reads tokens and prints its medians; null when it cannot run here. */
async function passes(command: string, args: string[], tokens: number[][]): Promise<Passes | null> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const failed = new Promise<null>((resolve) => child.once('error', () => resolve(null)));
  child.stdin.on('error', () => undefined).end(JSON.stringify(tokens));
  const printed = await Promise.race([text(child.stdout), failed]);
  return printed ? (JSON.parse(printed.trim().split('\n').at(-1) ?? 'null') as Passes) : null;
}

function here(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

function torchPasses(tokens: number[][]): Promise<Passes | null> {
  return passes('python3', [here('torch_forward.py'), model, String(repeats), String(threads)], tokens);
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

const prepared = await prepareExperiment(parseSpec({ kind: 'attribution', model, pairs: benchPairs, options: {} }));
const tokens = prepared.dataSet.pairs.map(({ clean }) => clean);
const before = await torchPasses(tokens);
const engine = await passes(process.execPath, [here('engine-passes.ts'), model, String(repeats)], tokens);
const between = await torchPasses(tokens);
const timed: Row[] = [];
for (const [what, spec] of experiments) {
  timed.push(await timeExperiment(what, spec));
  console.error(`${what}: ${timed.at(-1)?.seconds.toFixed(2)} s`);
}
const after = await torchPasses(tokens);

const torch = [before, between, after].filter((found) => found !== null);
const unit = torch.length === 0 ? null : median(torch.map(({ forward }) => forward));
const rows: Row[] = [
  ...torch.map(({ forward }, i) => ({ what: `PyTorch forward, time ${i + 1} of ${torch.length}`, seconds: forward })),
  ...(torch.length === 0
    ? []
    : [{ what: 'PyTorch forward and backward', seconds: median(torch.map((t) => t.forwardBackward)) }]),
  ...(engine
    ? [
        { what: 'forward, last-position logits', seconds: engine.forward },
        {
          what: 'forward and backward to all residual streams',
          seconds: engine.forwardBackward,
          peakBytes: engine.peakBytes,
        },
      ]
    : []),
  ...timed,
];
const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
const versions = `backend ${backend}, Node ${process.version}, PyTorch ${torch[0]?.version ?? 'not installed'}`;
const report = `# Benchmarks

SmolLM2-135M-Instruct (float32), 16 pairs × 38 tokens, 8 of them from the first difference on. Medians of ${repeats} runs, engine
time without loading; \`npm run bench -- --write\` makes this page. One unit is PyTorch's plain forward pass of the same
16 × 38 tokens on ${threads} threads, last-position logits, the median of the times taken before, between and after.

${machine}; ${versions}; commit ${commit}; ${new Date().toISOString().slice(0, 10)}.

${table(rows, unit)}
`;
console.log(report);
if (options.write) writeFileSync(new URL('../../docs/benchmarks.md', import.meta.url), report);
