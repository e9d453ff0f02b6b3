/**
 * `npm run bench [-- --repeats N] [--growth] [--peers] [--write]`: engine time of the main experiments on SmolLM2-135M-Instruct, 16
 * pairs of 38 tokens, in units of PyTorch's plain forward pass on the same tokens, timed right before and after. Medians;
 * loading and the first, warming run are left out. `--growth` also times work of twice the size, and `--peers` other tools
 * on the same work. Without a Python that has torch and transformers only seconds are given.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openEnginePool, parseSpec, prepareExperiment, runExperiment, writeResult } from '@demur/interp';
import { openModelSource } from '@demur/model';
import { fetchSmollm2 } from '../../scripts/fetch-smollm2.ts';
import { benchCases, type BenchCase } from './cases.ts';
import { growthSection } from './growth.ts';
import { median } from './median.ts';
import { benchPairs } from './pairs.ts';
import { timePasses, type PassTimes } from './pass-client.ts';
import { timePeer, type PeerTime } from './peers.ts';
import { pageOf, table, writeSections } from './report.ts';
import { timeExperiment, type Timed } from './time-experiment.ts';

const { values: options } = parseArgs({
  options: {
    repeats: { type: 'string', default: '5' },
    growth: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const repeats = Number(options.repeats);
const threads = 2;
const model = await fetchSmollm2((line) => console.error(line));
const prepared = await prepareExperiment(parseSpec({ kind: 'attribution', model, pairs: benchPairs, options: {} }));
const { pairs } = prepared.dataSet;
const tokens = pairs.map(({ clean }) => clean);

/** PyTorch's passes on the pairs' own tokens; null without PyTorch. */
async function torchPasses(): Promise<PassTimes | null> {
  return (await timePasses(['torch'], tokens, { model, repeats, threads })).get('torch') ?? null;
}

/** Writes an attribution over the expanded graph into `folder`, for the cases that start from its scores. */
async function writeScores(folder: string): Promise<void> {
  const pool = await openEnginePool();
  const spec = parseSpec({ kind: 'attribution', model, pairs: benchPairs, options: { kvHeads: 'expanded' } });
  await writeResult(folder, await runExperiment(spec, { pool }));
  await pool.close();
}

async function timeCases(): Promise<Map<BenchCase, Timed>> {
  const scores = mkdtempSync(join(tmpdir(), 'demur-bench-'));
  const timed = new Map<BenchCase, Timed>();
  try {
    await writeScores(scores);
    for (const each of benchCases) {
      const runs = each.once === true ? { repeats: 1, warm: false } : { repeats };
      timed.set(each, await timeExperiment(each.spec({ scores }), { model, pairs: benchPairs, ...runs }));
      console.error(`${each.what}: ${timed.get(each)!.seconds.toFixed(2)} s`);
    }
  } finally {
    rmSync(scores, { recursive: true });
  }
  return timed;
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
      of.peakBytes === 0 ? '' : gigabytes(of.peakBytes - weightSizes.all),
    ]),
  );
  return table(['pass', 'seconds', 'of PyTorch', 'peak GB over the weights'], cells);
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toFixed(2);
}

/** Each case beside the tools that can do the same here. */
function peerTable(timed: Map<BenchCase, Timed>): string {
  const [{ answer, distractor }] = pairs as [(typeof pairs)[0]];
  const work = { clean: tokens, corrupted: pairs.map(({ corrupted }) => corrupted), answer, distractor };
  const scripts = [...new Set(benchCases.flatMap(({ peer }) => peer?.script ?? []))];
  const times = new Map(scripts.map((script) => [script, timePeer(script, work, { model, threads })]));
  const rows = benchCases.flatMap((each) => {
    const found: PeerTime | undefined = each.peer && times.get(each.peer.script)?.get(each.peer.measures);
    if (each.peer === undefined || found === undefined) return [];
    const { seconds, isExtrapolated, peakBytes } = found;
    const faster = (seconds / timed.get(each)!.seconds).toFixed(0);
    const told = `${seconds.toFixed(0)}${isExtrapolated ? ' (extrapolated)' : ''}`;
    return [[each.what, each.peer.script.replace('.py', ''), told, gigabytes(peakBytes), faster]];
  });
  return table(['what', 'peer', 'its seconds', 'its peak GB', 'times faster than it'], rows);
}

const plainPasses = await passTable();
console.error(plainPasses);
const before = await torchPasses();
const timed = await timeCases();
const after = await torchPasses();

const torch = [before, after].filter((found) => found !== null);
const unit = torch.length === 0 ? null : median(torch.map(({ forward }) => forward));
const row = (what: string, seconds: number, peakBytes?: number): string[] => [
  what,
  seconds.toFixed(2),
  unit === null ? '' : (seconds / unit).toFixed(2),
  peakBytes === undefined ? '' : gigabytes(peakBytes),
];
const rows = [
  ...torch.map(({ forward }, i) => row(`PyTorch forward, time ${i + 1} of ${torch.length}`, forward)),
  ...[...timed].map(([{ what }, { seconds, peakBytes }]) => row(what, seconds, peakBytes)),
];
const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
const [{ backend }] = [...timed.values()] as [Timed];
const versions = `backend ${backend}, Node ${process.version}, PyTorch ${torch[0]?.version ?? 'not installed'}`;
const where = `${machine}; ${versions}; commit ${commit}; ${new Date().toISOString().slice(0, 10)}.`;

const sections = new Map<string, string>([
  [
    'Benchmarks',
    `SmolLM2-135M-Instruct (float32), 16 pairs × 38 tokens, 8 of them from the first difference on. Medians of ${repeats} runs, engine
time without loading; exact edges run once. \`npm run bench -- --write\` makes this page, with \`--growth\` and \`--peers\` its last
sections. One unit is PyTorch's plain forward pass of the same 16 × 38 tokens on ${threads} threads, last-position logits, the
median of the times taken before and after.

${where}

${table(['what', 'seconds', 'PyTorch forwards', 'peak GB'], rows)}`,
  ],
  [
    'Plain passes',
    `16 × 40 tokens; forward to last-position logits, and forward and backward to all residual streams, each way once in every turn of
${repeats}. PyTorch has ${threads} threads, ours ${threads} within an operation, or two workers of one thread with half of the rows each, from asking
both until both are done. Weights are shared, and warm. The peak is all that is resident, less the weights.

${plainPasses}`,
  ],
]);
if (options.growth)
  sections.set(
    'How cost grows',
    `Work, and twice as much of it; medians of ${repeats} runs. ${where}\n\n${await growthSection(model, { repeats, unit })}`,
  );
if (options.peers)
  sections.set(
    'Beside other tools',
    `The same pairs, tokens, weights and ${threads} threads. A grid's cells are whole forward passes there, so that some are timed and the
grid's time is theirs times its cells. Scripts are in test/bench/peers. ${where}\n\n${peerTable(timed)}`,
  );
console.log(pageOf(sections));
if (options.write) writeSections(sections);
