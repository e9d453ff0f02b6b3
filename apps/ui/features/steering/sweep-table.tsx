/** What each coefficient of a steering does, as means over pairs: a coefficient a column. */
import { numberText, shareText } from '@demur/charts';
import table from '../../components/data-table.module.css';
import { sentenceCase } from '../../components/sentence-case.ts';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { SweepTableFragmentDoc, type SweepTableFragment } from '../../graphql/graphql.ts';
import { visibleToken } from '../patching/token-text.ts';
import styles from './steering-study.module.css';

interface SweepTableProps {
  sweep: FragmentType<typeof SweepTableFragmentDoc>;
  /** In words, such as "logit difference". */
  metric: string;
}

interface Line {
  name: string;
  values: readonly (number | null)[];
  text: (value: number | null) => string;
  /** Of the run with nothing done. */
  plain?: string;
}

export function SweepTable({ sweep, metric }: SweepTableProps) {
  const shown = readFragment(SweepTableFragmentDoc, sweep);
  return (
    <section className={styles.section} aria-label="Mean over pairs">
      <h2>{sentenceCase(metric)}, mean over pairs</h2>
      <div className={table.frame}>
        <table className={`${table.table} ${styles.sweep}`}>
          <tbody>
            <tr>
              <th scope="row">coefficient</th>
              {shown.coefficients.map((coefficient, c) => (
                <td key={c}>{numberText(coefficient)}</td>
              ))}
              <th scope="col">plain run</th>
            </tr>
            {linesOf(shown, metric).map(({ name, values, text, plain }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {values.map((value, c) => (
                  <td key={c}>{text(value)}</td>
                ))}
                <td className={styles.plain}>{plain}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown.refusalTokens.length > 0 && (
        <small>
          Log odds that the next token is one of{' '}
          {shown.refusalTokens.map(({ string }, i) => (
            <code key={i}>{visibleToken(string)}</code>
          ))}
          ; flipped are pairs whose {metric} has another sign than in the plain run.
        </small>
      )}
    </section>
  );
}

/** The lines that the experiment has numbers for. */
function linesOf(
  { mean, baseline, flips, kl, logOdds, baselineLogOdds, refusalShare }: SweepTableFragment,
  metric: string,
) {
  const lines: (Omit<Line, 'values'> & { values: Line['values'] | null | undefined })[] = [
    { name: metric, values: mean, text: numberText, plain: numberText(baseline) },
    { name: 'flipped pairs', values: flips, text: shareText },
    { name: 'log odds of refusing', values: logOdds, text: numberText, plain: numberText(baselineLogOdds) },
    { name: 'KL from the plain run', values: kl, text: numberText },
    { name: 'refusals, by words', values: refusalShare, text: shareText },
  ];
  return lines.filter((line): line is Line => line.values?.some((value) => value !== null) ?? false);
}
