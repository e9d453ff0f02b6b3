/** What an experiment will take, in the words of the form. */
import { bytesText, countText, durationText } from '@demur/charts';
import type { EstimateQuery } from '../../graphql/graphql.ts';

export type Cost = EstimateQuery['estimate'];

/** Name and text of each line. */
export function costLines(cost: Cost): [name: string, text: string][] {
  const most = cost.isUpperBound ? 'at most ' : '';
  const backward = cost.backwardTokens > 0 ? `, ${countText(Math.round(cost.backwardTokens))} back` : '';
  return [
    ['Time', timeText(cost, most)],
    ['Memory', `${bytesText(cost.peakBytes)} of ${bytesText(cost.budgetBytes)}`],
    ['Tokens', `${most}${countText(Math.round(cost.forwardTokens))} through the model${backward}`],
    ['Shards', countText(cost.shards)],
    ...(cost.diskBytes > 0 ? [['From disk', bytesText(cost.diskBytes)] as [string, string]] : []),
  ];
}

function timeText({ seconds, loadSeconds }: Cost, most: string): string {
  if (typeof seconds !== 'number') return 'unknown while the engine is busy';
  const loading = typeof loadSeconds === 'number' && loadSeconds > 0.1 * seconds;
  return `${most || 'about '}${durationText(seconds)}${loading ? `, of which loading ${durationText(loadSeconds)}` : ''}`;
}
