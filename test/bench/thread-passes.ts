/**
 * Serves the engine's passes as experiments run them: two worker threads over shared weights, half of the rows each, one
 * thread within an operation. A pass takes from asking both until both are done. usage: MODEL
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { openModelSource, type ModelConfig, type WeightStore } from '@demur/model';
import { openBackend } from '@demur/model/engine';
import { passesOf, type PassName } from './model-passes.ts';
import { servePasses } from './pass-server.ts';

interface Share {
  config: ModelConfig;
  weights: WeightStore;
  tokens: number[][];
}

if (isMainThread) {
  await servePasses(async (tokens) => {
    const { config, loadWeights } = await openModelSource(process.argv[2]!);
    const weights = await loadWeights();
    const half = Math.ceil(tokens.length / 2);
    const workers = [tokens.slice(0, half), tokens.slice(half)].map(
      (rows) => new Worker(new URL(import.meta.url), { workerData: { config, weights, tokens: rows } satisfies Share }),
    );
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    return async (name) => {
      const done = workers.map((worker) => once(worker, 'message'));
      for (const worker of workers) worker.postMessage(name);
      await Promise.all(done);
    };
  });
  process.exit();
} else {
  const { config, weights, tokens } = workerData as Share;
  await openBackend('tensorflow');
  const passes = passesOf(config, weights, tokens);
  passes.forward();
  passes.forwardBackward();
  parentPort!.on('message', (name: PassName) => {
    passes[name]();
    parentPort!.postMessage('done');
  });
  parentPort!.postMessage('ready');
}
