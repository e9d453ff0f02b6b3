/** One data set: its pairs, a line each, with what differs marked. */
import table from '../../components/data-table.module.css';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { DataSetCardFragmentDoc } from '../../graphql/graphql.ts';
import { visibleToken } from '../patching/token-text.ts';
import styles from './data-set-card.module.css';
import { differingParts, promptParts } from './prompt-parts.ts';
import { PromptLine } from './prompt-line.tsx';

export function DataSetCard({ dataSet }: { dataSet: FragmentType<typeof DataSetCardFragmentDoc> }) {
  const { slug, name, description, size, pairs } = readFragment(DataSetCardFragmentDoc, dataSet);
  return (
    <section className={styles.card}>
      <h2>{name}</h2>
      <p>
        {description} {size} {size === 1 ? 'pair' : 'pairs'}, named <code>{slug}</code> in a specification
      </p>
      <div className={table.frame}>
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">Clean</th>
              <th scope="col">Corrupted</th>
              <th scope="col">Answer</th>
              <th scope="col">Distractor</th>
            </tr>
          </thead>
          <tbody>
            {pairs.nodes.map(({ index, clean, corrupted, cleanText, corruptedText, answer, distractor }) => {
              const { first, second } = differingParts(
                promptParts(clean, cleanText),
                promptParts(corrupted, corruptedText),
              );
              return (
                <tr key={index}>
                  <td>
                    <PromptLine parts={first} />
                  </td>
                  <td>
                    <PromptLine parts={second} />
                  </td>
                  <td>
                    <code>{tokenText(answer)}</code>
                  </td>
                  <td>
                    <code>{tokenText(distractor)}</code>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {pairs.nodes.length < size && <small>The first {pairs.nodes.length} are shown.</small>}
    </section>
  );
}

const tokenText = (token: unknown): string =>
  typeof token === 'string' ? visibleToken(token) : `id ${JSON.stringify(token)}`;
