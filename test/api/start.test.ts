/** Starting and ending: what is refused with one sentence, who may call, and that nothing is left behind. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEnv } from '../../apps/api/src/env.ts';
import { runCommand } from '../../scripts/run-command.ts';
import { copyNewDatabase } from '../support/new-database.ts';
import { refusedStart, root, startServer, temporaryFolder, type TestServer } from './server.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

/** One line and exit code 1: no stack. */
function expectSentence({ code, said }: { code: number | null; said: string }, words: string): void {
  expect(said.trim().split('\n'), said).toHaveLength(1);
  expect(said).toContain(words);
  expect(code).toBe(1);
}

describe('a second start', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ DEMUR_DATA: join(folder.path, 'first') });
  });
  afterAll(() => server?.stop());

  it('is refused on the same data directory, whatever the port', async () => {
    const dataDir = join(folder.path, 'first');
    expectSentence(await refusedStart({ DEMUR_DATA: dataDir }), dataDir);
    const sameport = await refusedStart({ DEMUR_DATA: dataDir, PORT: new URL(server.url).port });
    expectSentence(sameport, `in use by process ${server.pid}`);
    expect(await server.get('{ models { id } }')).toEqual({ models: [] });
  });

  it('is refused on the same port, and leaves no data directory', async () => {
    const { port } = new URL(server.url);
    const dataDir = join(folder.path, 'never');
    expectSentence(await refusedStart({ DEMUR_DATA: dataDir, PORT: port }), `Port ${port}`);
    expect(existsSync(dataDir)).toBe(false);
  });

  it('is welcome once the first has ended, and finds what that kept', async () => {
    await server.get('mutation ($input: RegisterModelInput!) { registerModel(input: $input) { id } }', {
      input: { path: 'test/golden/open/llama_mha/model', slug: 'kept' },
    });
    expect(await server.stop()).toBe(0);
    server = await startServer({ DEMUR_DATA: join(folder.path, 'first') });
    expect(await server.get('{ models { slug } }')).toEqual({ models: [{ slug: 'kept' }] });
  });
});

it.each([
  [{ PORT: 'eighty' }, 'PORT=eighty'],
  [{ DATABASE_URL: 'mysql://x' }, 'postgresql://'],
  [{ DATABASE_URL: 'postgresql://nobody@127.0.0.1:9/none' }, 'PostgreSQL at'],
])('refuses %o in one sentence', async (env, words) => {
  expectSentence(await refusedStart({ DEMUR_DATA: join(folder.path, 'unused'), ...env }), words);
});

it.each([
  [{ PORT: '70000' }, 'PORT=70000'],
  [{ DEMUR_WORKERS: '0' }, 'DEMUR_WORKERS=0'],
  [{ DEMUR_BACKEND: 'abacus' }, 'DEMUR_BACKEND=abacus'],
])('does not take %o', (env, words) => {
  expect(() => readEnv(env)).toThrow(words);
});

it('names a foreign program that has the port', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  expectSentence(
    await refusedStart({ DEMUR_DATA: join(folder.path, 'unused'), PORT: String(port) }),
    `PORT=${port + 1} npm start`,
  );
  other.close();
});

describe('beyond this machine', () => {
  const env = () => ({ DEMUR_DATA: join(folder.path, 'open'), HOST: '0.0.0.0' });
  beforeAll(() => copyNewDatabase(env().DEMUR_DATA));

  it('does not listen without API tokens', async () => {
    expectSentence(await refusedStart(env()), '--create-token');
  });

  it('asks every caller for a token and keeps to its role', async () => {
    const tokens: Record<string, string> = {};
    for (const role of ['reader', 'runner', 'admin']) tokens[role] = await createToken(role);
    const server = await startServer(env());
    const url = server.url.replace('0.0.0.0', '127.0.0.1');
    const ask = async (query: string, token?: string) => {
      const headers = {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      };
      const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
      const { errors } = (await response.json()) as { errors?: { extensions: { code: string } }[] };
      return errors?.[0]?.extensions.code ?? response.status;
    };
    const run = 'mutation { createExperiment(spec: {}) { id } }';
    const study = 'mutation { createStudy(input: { name: EAP_HEADS, model: "nobody" }) { id } }';
    const cancel = 'mutation { cancelStudy(id: "nowhere") { id } }';
    const register = 'mutation { registerModel(input: { path: "test/golden/open/llama_mha/model" }) { id } }';
    try {
      expect(await ask('{ models { id } }')).toBe('UNAUTHENTICATED');
      expect(await ask('{ models { id } }', 'demur_wrong')).toBe('UNAUTHENTICATED');
      expect(await ask('{ models { id } }', tokens['reader'])).toBe(200);
      expect(await ask(run, tokens['reader'])).toBe('FORBIDDEN');
      expect(await ask(run, tokens['runner'])).toBe('INVALID_SPEC');
      for (const mutation of [study, cancel]) expect(await ask(mutation, tokens['reader'])).toBe('FORBIDDEN');
      expect(await ask(study, tokens['runner'])).toBe('UNKNOWN_MODEL');
      expect(await ask(cancel, tokens['runner'])).toBe('STUDY_NOT_FOUND');
      expect(await ask(register, tokens['runner'])).toBe('FORBIDDEN');
      expect(await ask(register, tokens['admin'])).toBe(200);
      for (const file of ['experiments/x.safetensors', 'studies/x.html', 'studies/x.json'])
        expect((await fetch(`${url}/export/${file}`)).status).toBe(401);
    } finally {
      await server.stop();
    }
  });

  async function createToken(role: string): Promise<string> {
    const program = ['scripts/start.ts', '--create-token', role];
    const { code, stdout, output } = await runCommand(join(root, 'node_modules/.bin/node'), program, {
      cwd: root,
      env: env(),
    });
    expect(code, output).toBe(0);
    return stdout.trim();
  }
});

it('ends in good order while an experiment runs, and goes on with it at the next start', async () => {
  const DEMUR_DATA = join(folder.path, 'ending');
  const server = await startServer({ DEMUR_DATA });
  const spec = {
    kind: 'attribution',
    model: 'test/golden/open/llama_mha/model',
    pairs: [{ clean: { tokens: [1, 2] }, corrupted: { tokens: [3, 2] }, answer: 4, distractor: 5 }],
  };
  await server.get('mutation ($spec: JSON!) { createExperiment(spec: $spec) { id } }', { spec });
  expect(await server.stop()).toBe(0);
  expect(readdirSync(DEMUR_DATA)).toEqual(['pglite']);
  const next = await startServer({ DEMUR_DATA });
  for (let status = ''; status !== 'SUCCEEDED';) {
    const { experiments } = await next.get<{ experiments: { nodes: { status: string }[] } }>(
      '{ experiments { nodes { status } } }',
    );
    status = experiments.nodes[0]!.status;
    expect(['QUEUED', 'RUNNING', 'SUCCEEDED']).toContain(status);
  }
  await next.stop();
});

it('ends with the npm that started it', async () => {
  const env = { ...process.env, DEMUR_DATA: join(folder.path, 'npm'), PORT: '0', DEMUR_FIRST_START: 'none' };
  const npm = spawn('npm', ['start'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const text of npm.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    output += text;
    if (output.includes('is open on')) break;
  }
  const url = /is open on (\S+)/.exec(output)![1]!;
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  npm.kill('SIGTERM');
  await expect
    .poll(() =>
      fetch(`${url}/healthz`).then(
        () => 'open',
        () => 'closed',
      ),
    )
    .toBe('closed');
});
