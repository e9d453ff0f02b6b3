/** Rows of edges: rank, from, to, port, score, and its interval or a bar. A node's name leads to its neighbourhood. */
import { numberText } from '@demur/charts';
import table from '../../components/data-table.module.css';
import { numbers, TableHead, unseen } from '../../components/table-head.tsx';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { EdgeRowFragmentDoc } from '../../graphql/graphql.ts';
import { portWords } from './edge-filter.ts';
import styles from './edge-table.module.css';
import { StrengthCell } from './strength-cell.tsx';

interface EdgeRowsProps {
  edges: readonly FragmentType<typeof EdgeRowFragmentDoc>[];
  onSelect: (node: string) => void;
}

export function EdgeRows({ edges, onSelect }: EdgeRowsProps) {
  const rows = readFragment(EdgeRowFragmentDoc, edges);
  const hasInterval = rows.some(({ interval }) => interval);
  const strongest = Math.max(...rows.map(({ score }) => Math.abs(score)), Number.MIN_VALUE);
  return (
    <table className={`${table.table} ${styles.edges}`}>
      <TableHead
        columns={[
          numbers('Rank'),
          'From',
          'To',
          'Port',
          numbers('Score'),
          hasInterval ? numbers('95 % interval') : unseen('Strength'),
        ]}
      />
      <tbody>
        {rows.map(({ name, rank, sender, receiver, port, score, interval }) => (
          <tr key={name} data-edge={name}>
            <td className={table.number}>{rank}</td>
            <td>
              <NodeButton name={sender.name} onSelect={onSelect} />
            </td>
            <td>
              <NodeButton name={receiver.name} onSelect={onSelect} />
            </td>
            <td>{portWords[port]}</td>
            <td className={table.number}>{numberText(score)}</td>
            {hasInterval && (
              <td className={`${table.number} ${styles.interval}`}>
                {interval && `[${numberText(interval.low)}, ${numberText(interval.high)}]`}
              </td>
            )}
            {!hasInterval && <StrengthCell value={score} strongest={strongest} />}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function NodeButton({ name, onSelect }: { name: string; onSelect: (node: string) => void }) {
  return (
    <button
      type="button"
      className={styles.nodeButton}
      onClick={() => onSelect(name)}
      title={`Neighbourhood of ${name}`}
    >
      {name}
    </button>
  );
}
