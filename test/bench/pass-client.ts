/** Asks processes for passes, in turns, so that all of them meet the same moments of a machine. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { backendEnvironment } from '@demur/model';
import { median } from './median.ts';
import type { PassName } from './model-passes.ts';

/** What a server says. */
interface Answer {
  version?: string;
  seconds?: number;
  peakBytes?: number;
}

/** Medians of one server's passes, in seconds, and the most memory that it had resident in them. */
export interface PassTimes extends Record<PassName, number> {
  version?: string;
  peakBytes: number;
}

class PassServer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(command: string, args: string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child.on('error', () => this.#child.stdout!.destroy());
    this.#child.stdin!.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** Its answer to a line; null where it has ended, e.g. since there is no PyTorch. */
  async ask(line: string): Promise<Answer | null> {
    this.#child.stdin!.write(`${line}\n`);
    for (;;) {
      const next = await this.#lines.next();
      if (next.done === true) return null;
      if (next.value.startsWith('{')) return JSON.parse(next.value) as Answer;
    }
  }

  end(): void {
    this.#child.stdin!.end();
  }
}

export type ServerName = 'torch' | 'engine' | 'threads';

function start(name: ServerName, model: string, threads: number): PassServer {
  const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  if (name === 'torch') return new PassServer('python3', [here('torch_passes.py'), model, `${threads}`], process.env);
  const [file, within] = name === 'engine' ? ['engine-passes.ts', threads] : ['thread-passes.ts', 1];
  return new PassServer(process.execPath, [here(file), model], { ...process.env, ...backendEnvironment(within) });
}

/** Times the passes of the servers by turns. A server that cannot run here has no entry. */
export async function timePasses(
  names: readonly ServerName[],
  tokens: number[][],
  { model, repeats, threads }: { model: string; repeats: number; threads: number },
): Promise<Map<ServerName, PassTimes>> {
  const servers = new Map(names.map((name) => [name, start(name, model, threads)]));
  const answers = new Map<ServerName, Record<PassName, Answer[]>>();
  const versions = new Map<ServerName, string | undefined>();
  for (const [name, server] of servers) {
    const ready = await server.ask(JSON.stringify(tokens));
    if (ready === null) continue;
    versions.set(name, ready.version);
    answers.set(name, { forward: [], forwardBackward: [] });
  }
  for (const pass of ['forward', 'forwardBackward'] as const) {
    for (let turn = 0; turn < repeats; turn++) {
      for (const [name, of] of answers) of[pass].push((await servers.get(name)!.ask(pass)) ?? {});
    }
  }
  for (const server of servers.values()) server.end();
  return new Map([...answers].map(([name, of]) => [name, { ...summary(of), version: versions.get(name) }]));
}

function summary(answers: Record<PassName, Answer[]>): PassTimes {
  const seconds = (of: Answer[]) => median(of.map((answer) => answer.seconds ?? Number.NaN));
  const peaks = Object.values(answers).flatMap((of) => of.map(({ peakBytes = 0 }) => peakBytes));
  return {
    forward: seconds(answers.forward),
    forwardBackward: seconds(answers.forwardBackward),
    peakBytes: Math.max(...peaks),
  };
}
