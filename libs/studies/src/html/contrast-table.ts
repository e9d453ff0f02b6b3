/** The two groups of prompts in numbers. */
import { shareText } from '@demur/charts';
import type { GroupSummary, RefusalContrast } from '../report.ts';
import { tableHtml } from './table-html.ts';

export function contrastTable({ clean, corrupted, separation }: RefusalContrast): string {
  return tableHtml({
    title: `The metric of both groups; separation ${separation.toFixed(3)}`,
    columns: ['prompts', 'mean', 'deviation', 'least', 'most', 'refused'],
    rows: [groupRow('to refuse (clean)', clean), groupRow('not to refuse (corrupted)', corrupted)],
  });
}

const groupRow = (name: string, { mean, deviation, least, most, refused }: GroupSummary): (string | number)[] => [
  name,
  mean,
  deviation,
  least,
  most,
  shareText(refused),
];
