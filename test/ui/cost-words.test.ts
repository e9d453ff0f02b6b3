/** An estimate in the form's words. */
import { describe, expect, it } from 'vitest';
import { costLines, type Cost } from '../../apps/ui/features/new-experiment/cost-words.ts';

const cost: Cost = {
  ...{
    seconds: 12.34,
    loadSeconds: 0.1,
    peakBytes: 2 ** 31,
    budgetBytes: 2 ** 33,
    shards: 1200,
    forwardTokens: 1591.6,
  },
  ...{ backwardTokens: 0, diskBytes: 0, isUpperBound: false, fits: true, advice: null },
};

describe('an estimate', () => {
  it('is told in four lines', () => {
    expect(costLines(cost)).toEqual([
      ['Time', 'about 12.3 s'],
      ['Memory', '2.00 GiB of 8.00 GiB'],
      ['Tokens', '1,592 through the model'],
      ['Shards', '1,200'],
    ]);
  });

  it('tells loading where that is much of it, the way back, bounds and the disk', () => {
    const lines = costLines({ ...cost, loadSeconds: 6, backwardTokens: 40, isUpperBound: true, diskBytes: 2 ** 30 });
    expect(Object.fromEntries(lines)).toMatchObject({
      Time: 'at most 12.3 s, of which loading 6.00 s',
      Tokens: 'at most 1,592 through the model, 40 back',
      'From disk': '1.00 GiB',
    });
  });

  it('does not invent seconds', () => {
    expect(costLines({ ...cost, seconds: null, loadSeconds: null })[0]).toEqual([
      'Time',
      'unknown while the engine is busy',
    ]);
  });
});
