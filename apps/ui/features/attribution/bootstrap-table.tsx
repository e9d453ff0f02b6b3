'use client';
/** The strongest edges with their intervals over resampled pairs, and how often each is among the strongest. */
import { numberText } from '@demur/charts';
import { useState } from 'react';
import table from '../../components/data-table.module.css';
import { FactList } from '../../components/fact-list.tsx';
import study from '../../components/study.module.css';
import { numbers, TableHead } from '../../components/table-head.tsx';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { BootstrapTableFragmentDoc } from '../../graphql/graphql.ts';

/** Rows before the reader asks for all. */
const fewRows = 20;

export function BootstrapTable({ bootstrap }: { bootstrap: FragmentType<typeof BootstrapTableFragmentDoc> }) {
  const { resamples, units, pairsPerUnit, stability, top } = readFragment(BootstrapTableFragmentDoc, bootstrap);
  const [all, setAll] = useState(false);
  return (
    <section className={`${study.section} ${study.card}`} aria-label="Bootstrap">
      <h2>How sure the strongest edges are</h2>
      <FactList
        facts={[
          {
            name: 'Stability',
            value: numberText(stability),
            hint: 'mean Jaccard index of the resamples’ strongest edges',
          },
          { name: 'Resamples', value: resamples },
          { name: pairsPerUnit === 1 ? 'Pairs' : `Units of ${pairsPerUnit} pairs`, value: units },
        ]}
      />
      <div className={table.frame}>
        <table className={table.table}>
          <TableHead columns={['Edge', numbers('Score'), numbers('95 % interval'), numbers('Selected')]} />
          <tbody>
            {(all ? top : top.slice(0, fewRows)).map(({ name, score, low, high, frequency }) => (
              <tr key={name}>
                <td>
                  <code>{name}</code>
                </td>
                <td className={table.number}>{numberText(score)}</td>
                <td className={table.number}>
                  {numberText(low)} to {numberText(high)}
                </td>
                <td className={table.number}>{Math.round(frequency * 100)} %</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {!all && top.length > fewRows && (
        <p>
          <button type="button" onClick={() => setAll(true)}>
            Show all {top.length}
          </button>
        </p>
      )}
    </section>
  );
}
