import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';

/** How a command ended: `code` is null when it was killed or could not start; `output` is stdout and stderr together. */
export interface CommandResult {
  code: number | null;
  output: string;
  stdout: string;
}

/** Runs a program without a shell and keeps what it prints; never throws, not even when the program does not exist. */
export function runCommand(program: string, args: string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new Promise((done) => {
    const env = { ...process.env, ...options.env };
    const child = spawn(program, args, { cwd: options.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    if (options.isBackground === true && child.pid !== undefined)
      setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    let output = '';
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.on('error', (error) => done({ code: null, output: error.message, stdout }));
    child.on('close', (code) => done({ code, output, stdout }));
  });
}

export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string | undefined>;
  /** Leaves the processors to others that want them. */
  isBackground?: boolean;
}
