/** Asks the other tools' scripts (peers/) for their times, where their Python is installed: DEMUR_BENCH_PYTHON, or python3. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a script says of one measurement; `cells` of `ofCells` equal pieces of work took `seconds`. */
interface PeerAnswer {
  measures: string;
  seconds: number;
  cells: number;
  ofCells: number;
  peakBytes: number;
}

export interface PeerTime {
  /** Of the whole, extrapolated where a part was timed. */
  seconds: number;
  isExtrapolated: boolean;
  peakBytes: number;
}

interface PeerWork {
  clean: number[][];
  corrupted: number[][];
  answer: number;
  distractor: number;
}

/** Times by measurement; none where the script cannot run here, which is told on stderr. */
export function timePeer(
  script: string,
  work: PeerWork,
  { model, threads }: { model: string; threads: number },
): Map<string, PeerTime> {
  const file = fileURLToPath(new URL(`peers/${script}`, import.meta.url));
  const python = process.env['DEMUR_BENCH_PYTHON'] ?? 'python3';
  const { stdout, stderr, status } = spawnSync(python, [file, model, `${threads}`], {
    input: `${JSON.stringify(work)}\n`,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) console.error(`${script} cannot run here: ${(stderr ?? '').trim().split('\n').at(-1) ?? ''}`);
  const answers = (stdout ?? '').split('\n').filter((line) => line.startsWith('{'));
  return new Map(answers.map((line) => timeOf(JSON.parse(line) as PeerAnswer)));
}

function timeOf({ measures, seconds, cells, ofCells, peakBytes }: PeerAnswer): [string, PeerTime] {
  return [measures, { seconds: (seconds / cells) * ofCells, isExtrapolated: cells < ofCells, peakBytes }];
}
