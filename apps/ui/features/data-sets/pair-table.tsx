/** The pairs of a data set, a line each, with what differs marked. */
import table from '../../components/data-table.module.css';
import { TableHead } from '../../components/table-head.tsx';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { PairTableFragmentDoc } from '../../graphql/graphql.ts';
import { visibleToken } from '../patching/token-text.ts';
import { differingParts, promptParts } from './prompt-parts.ts';
import { PromptLine } from './prompt-line.tsx';

export function PairTable({ pairs }: { pairs: FragmentType<typeof PairTableFragmentDoc> }) {
  const { totalCount, nodes } = readFragment(PairTableFragmentDoc, pairs);
  return (
    <>
      <div className={table.frame}>
        <table className={table.table}>
          <TableHead columns={['Clean', 'Corrupted', 'Answer', 'Distractor']} />
          <tbody>
            {nodes.map(({ index, clean, corrupted, cleanText, corruptedText, answer, distractor }) => {
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
      {nodes.length < totalCount && <small>The first {nodes.length} are shown.</small>}
    </>
  );
}

const tokenText = (token: unknown): string =>
  typeof token === 'string' ? visibleToken(token) : `id ${JSON.stringify(token)}`;
