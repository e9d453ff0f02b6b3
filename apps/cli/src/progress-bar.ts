/** A progress bar in one line of a terminal; nothing at all anywhere else. */
import type { Progress } from '@demur/interp';

const WIDTH = 24;
/** Between two lines about a download, whose bytes come in thousands of pieces. */
const PAUSE_MS = 50;

/** A step of a run, or of the download before it, in bytes. */
type Step = Progress | { stage: 'download'; done: number; total: number };

const labels: Record<Step['stage'], string> = {
  download: 'downloading',
  load: 'loading the model',
  run: 'running',
  merge: 'merging',
};

export interface ProgressBar {
  /** Tells a stage that has no measure yet. */
  tell(text: string): void;
  update(progress: Progress): void;
  /** Tells the bytes of a download. */
  download(bytes: { done: number; total: number }): void;
  /** Clears the line. */
  end(): void;
}

/** The bar on `stream`, or a silent one where it is no terminal. `step` is what a run counts. */
export function openProgressBar(step = 'shard', stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  const nothing = () => undefined;
  if (!stream.isTTY) return { tell: nothing, update: nothing, download: nothing, end: nothing };
  const write = (line: string) => stream.write(`\r\u001B[2K${line.slice(0, (stream.columns || 80) - 1)}`);
  let stage: Step['stage'] | undefined;
  let start = performance.now();
  let written = 0;
  const update = (progress: Step) => {
    if (progress.stage !== stage) start = performance.now();
    stage = progress.stage;
    write(progressLine(progress, (performance.now() - start) / 1000, step));
  };
  return {
    tell: (text) => void write(text),
    update,
    download: (bytes) => {
      if (performance.now() - written < PAUSE_MS && bytes.done < bytes.total) return;
      written = performance.now();
      update({ stage: 'download', ...bytes });
    },
    end: () => void write(''),
  };
}

/** `running [######------] 1.5/3 shards, 12 s left`. */
export function progressLine({ stage, done, total }: Step, seconds: number, step = 'shard'): string {
  const part = Math.min(1, done / total);
  const filled = Math.round(part * WIDTH);
  const bar = `${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}`;
  const count = counted({ stage, done, total }, step);
  const left = part > 0 && part < 1 ? `${Math.ceil((seconds * (1 - part)) / part)} s left` : '';
  const tail = [`${Math.floor(part * 100)} %`, count, left].filter((text) => text !== '').join(', ');
  return `${labels[stage]} [${bar}] ${tail}`;
}

function counted({ stage, done, total }: Step, step: string): string {
  if (stage === 'download') return `${megabytes(done)}/${megabytes(total)} MB`;
  return stage === 'run' ? `${Math.floor(done)}/${total} ${total === 1 ? step : `${step}s`}` : '';
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}
