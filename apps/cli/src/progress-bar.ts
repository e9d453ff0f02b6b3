/** A progress bar in one line of a terminal; nothing at all anywhere else. */
import type { Progress } from '@demur/interp';

const WIDTH = 24;

const labels: Record<Progress['stage'], string> = {
  load: 'loading the model',
  run: 'running',
  merge: 'merging',
};

export interface ProgressBar {
  /** Tells a stage that has no measure yet. */
  tell(text: string): void;
  update(progress: Progress): void;
  /** Clears the line. */
  end(): void;
}

/** The bar on `stream`, or a silent one where it is no terminal. */
export function openProgressBar(stream: NodeJS.WriteStream = process.stderr): ProgressBar {
  if (!stream.isTTY) return { tell: () => undefined, update: () => undefined, end: () => undefined };
  const write = (line: string) => stream.write(`\r\u001B[2K${line.slice(0, (stream.columns || 80) - 1)}`);
  let stage: Progress['stage'] | undefined;
  let start = performance.now();
  return {
    tell: (text) => void write(text),
    update(progress) {
      if (progress.stage !== stage) start = performance.now();
      stage = progress.stage;
      write(progressLine(progress, (performance.now() - start) / 1000));
    },
    end: () => void write(''),
  };
}

/** `running [######------] 1.5/3 shards, 12 s left`. */
export function progressLine({ stage, done, total }: Progress, seconds: number): string {
  const part = Math.min(1, done / total);
  const filled = Math.round(part * WIDTH);
  const bar = `${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}`;
  const count = stage === 'run' ? `${Math.floor(done)}/${total} ${total === 1 ? 'shard' : 'shards'}` : '';
  const left = part > 0 && part < 1 ? `${Math.ceil((seconds * (1 - part)) / part)} s left` : '';
  const tail = [`${Math.floor(part * 100)} %`, count, left].filter((text) => text !== '').join(', ');
  return `${labels[stage]} [${bar}] ${tail}`;
}
