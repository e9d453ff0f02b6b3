/** A server that is killed while it runs an experiment, and a run that is cancelled: what they had finished is not run again. */
import { encodeSafetensors, openEnginePool, parseSpec, runExperiment, type ResultJson } from '@demur/interp';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { onBothDatabases } from '../db/both-databases.ts';
import { goldenCase } from '../golden/golden-case.ts';
import { ended, startServer, type TestServer } from './server.ts';

const golden = goldenCase('llama_mha', 'plain');

/** Some seconds of work in 80 shards. */
const spec = {
  kind: 'activation-patching',
  model: golden.model,
  pairs: Array.from({ length: 640 }, (_, at) => golden.pairs[at % 2]),
  options: { activations: ['resid_pre', 'attn_out', 'mlp_out', 'z'] },
};

/** Of a run that was let alone. */
let reference: Buffer;
beforeAll(async () => {
  const pool = await openEnginePool({ backend: 'wasm', workers: 1 });
  const { arrays } = await runExperiment(parseSpec(spec), { pool });
  reference = Buffer.from(encodeSafetensors(arrays));
  await pool.close();
});

/** Waits until so much of an experiment has run. */
async function untilDone(server: TestServer, id: string, least: number): Promise<void> {
  const query = 'query ($id: ID!) { experiment(id: $id) { status progress { stage fraction } } }';
  for (;;) {
    const { experiment } = await server.get<{
      experiment: { status: string; progress: { stage: string | null; fraction: number } };
    }>(query, { id });
    const { stage, fraction } = experiment.progress;
    if (stage === 'run' && fraction >= least) return;
    expect(['QUEUED', 'RUNNING']).toContain(experiment.status);
    await sleep(50);
  }
}

onBothDatabases((home) => {
  let server: TestServer;
  const start = async (): Promise<void> => {
    const { dataDir, url } = home.location();
    server = await startServer({ DEMUR_DATA: dataDir, DATABASE_URL: url });
  };
  afterAll(() => server?.stop());

  it('a killed server, a cancelled run, and the next run of the same specification', async () => {
    await start();
    const { createExperiment: first } = await server.get<{ createExperiment: { id: string } }>(
      'mutation ($spec: JSON!) { createExperiment(spec: $spec) { id } }',
      { spec },
    );
    await untilDone(server, first.id, 0.4);
    process.kill(server.pid, 'SIGKILL');
    const killedAt = new Date().toISOString();
    await start();
    // On PostgreSQL the server waits half a minute for a sign of life of the other; see test/db/jobs.test.ts.
    if (home.driver === 'pglite') await untilDone(server, first.id, 0.5);
    await server.get('mutation ($id: ID!) { cancelExperiment(id: $id) { status } }', first);
    const { rerunExperiment: second } = await server.get<{ rerunExperiment: { id: string } }>(
      'mutation ($id: ID!) { rerunExperiment(id: $id) { id } }',
      first,
    );
    expect(await ended(server, second.id)).toMatchObject({ status: 'SUCCEEDED', error: null });
    const response = await fetch(`${server.url}/export/experiments/${second.id}.safetensors`);
    expect(Buffer.from(await response.arrayBuffer()).equals(reference)).toBe(true);
    const { experiment } = await server.get<{ experiment: { record: ResultJson['record'] } }>(
      'query ($id: ID!) { experiment(id: $id) { record } }',
      second,
    );
    const { resumed } = experiment.record;
    expect(resumed).toMatchObject({ begun: 0, of: 80 });
    expect(resumed!.shards).toBeGreaterThan(2);
    expect(resumed!.since < killedAt).toBe(true);
  });
});
