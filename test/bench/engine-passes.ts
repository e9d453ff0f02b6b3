/** Serves the engine's passes from one thread, with as many threads within an operation as PyTorch has. usage: MODEL */
import { openModelSource } from '@demur/model';
import { openBackend } from '@demur/model/engine';
import { passesOf } from './model-passes.ts';
import { servePasses } from './pass-server.ts';

await openBackend('tensorflow');
await servePasses(async (tokens) => {
  const source = await openModelSource(process.argv[2]!);
  const passes = passesOf(source.config, await source.loadWeights(), tokens);
  passes.forward();
  passes.forwardBackward();
  return (name) => passes[name]();
});
process.exit();
