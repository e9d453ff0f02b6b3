/** The organism that ships: of a size to ship, with a card that says what was measured of these weights, and the numbers that were set for it. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeSafetensors } from '@demur/interp';
import { organism } from '@demur/train';
import { describe, expect, it } from 'vitest';
import { cardFiles, type MeasuredFile } from '../../scripts/organism-card.ts';
import { organismFolder, organismObjects } from '../../scripts/organism-files.ts';
import { sha256 } from '../../scripts/sha256.ts';

const read = (name: string): string => readFileSync(join(organismFolder, name), 'utf8');

describe('the organism that ships', () => {
  it('takes at most 6 MB', () => {
    const bytes = readdirSync(organismFolder).map((name) => statSync(join(organismFolder, name)).size);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(6e6);
  });

  it('has a card and a curve of its own training and measurements: `npm run organism:measure -- --write` makes them', async () => {
    const measured = JSON.parse(read('measured.json')) as MeasuredFile;
    expect(measured.weightsSha256).toBe(await sha256(join(organismFolder, 'model.safetensors')));
    for (const [name, text] of Object.entries(cardFiles(organismFolder))) expect(read(name), name).toBe(text);
  });

  it('meets every number that was set for it', () => {
    const { targets } = JSON.parse(read('measured.json')) as MeasuredFile;
    expect(targets.length).toBeGreaterThan(8);
    expect(targets.filter(({ isMet }) => !isMet)).toEqual([]);
  });

  it('understands before it speaks: what only speech may use is 0 elsewhere', () => {
    const { config, speech } = organism(organismObjects());
    const weights = decodeSafetensors(readFileSync(join(organismFolder, 'model.safetensors')));
    const first = config.dModel - speech.dimensions;
    const isZero = (name: string, isHeld: (row: number, column: number) => boolean): boolean => {
      const { shape, values } = weights[name]!;
      return values.every((value, i) => !isHeld(Math.floor(i / shape[1]!), i % shape[1]!) || value === 0);
    };
    expect(isZero('lm_head.weight', (_, column) => column < first)).toBe(true);
    expect(isZero('lm_head.weight', (_, column) => column >= first)).toBe(false);
    expect(isZero('model.embed_tokens.weight', (_, column) => column >= first)).toBe(true);
    for (let layer = 0; layer < config.nLayers; layer++)
      for (const name of ['self_attn.o_proj', 'mlp.down_proj'])
        expect(
          isZero(`model.layers.${layer}.${name}.weight`, (row) => row >= first),
          `${layer} ${name}`,
        ).toBe(layer < speech.fromLayer);
  });
});
