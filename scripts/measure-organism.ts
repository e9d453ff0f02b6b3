/**
 * `npm run organism:measure`: what the trained organism does, measured by experiments: held-out decisions, completions,
 * language, and the refusal direction. A table; with --json the whole document. --write puts it, and the model card that it
 * fills, beside the weights.
 */
import { parseArgs } from 'node:util';
import { openEnginePool } from '@demur/interp';
import { corpus } from '../libs/train/src/corpus.ts';
import { measureOrganism } from '../libs/train/src/measure/measure-organism.ts';
import { measuredLines } from '../libs/train/src/measure/measured-lines.ts';
import { openMeasured } from '../libs/train/src/measure/prompt-runs.ts';
import { writeCard } from './organism-card.ts';
import { organismFolder, organismObjects } from './organism-files.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: organismFolder },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const pool = await openEnginePool();
try {
  const model = await openMeasured(values.model, pool);
  const measured = await measureOrganism(model, corpus(organismObjects()));
  if (values.write) await writeCard(values.model, measured);
  console.log(values.json ? JSON.stringify(measured, null, 1) : measuredLines(measured).join('\n'));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await pool.close();
}
