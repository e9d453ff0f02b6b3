/** Rows of effects: rank, from, to, port, effect, and a bar against the strongest of the page. */
import { numberText } from '@demur/charts';
import table from '../../components/data-table.module.css';
import { numbers, TableHead, unseen } from '../../components/table-head.tsx';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { EffectRowFragmentDoc } from '../../graphql/graphql.ts';
import { portWords } from '../circuits/edge-filter.ts';
import styles from '../circuits/edge-table.module.css';
import { StrengthCell } from '../circuits/strength-cell.tsx';

export function EffectRows({ effects }: { effects: readonly FragmentType<typeof EffectRowFragmentDoc>[] }) {
  const rows = readFragment(EffectRowFragmentDoc, effects);
  const strongest = Math.max(...rows.map(({ effect }) => Math.abs(effect)), Number.MIN_VALUE);
  return (
    <table className={`${table.table} ${styles.edges}`}>
      <TableHead columns={[numbers('Rank'), 'From', 'To', 'Port', numbers('Effect'), unseen('Strength')]} />
      <tbody>
        {rows.map(({ name, rank, sender, receiver, port, effect }) => (
          <tr key={name} data-edge={name}>
            <td className={table.number}>{rank}</td>
            <td>
              <code>{sender.name}</code>
            </td>
            <td>
              <code>{receiver.name}</code>
            </td>
            <td>{portWords[port]}</td>
            <td className={table.number}>{numberText(effect)}</td>
            <StrengthCell value={effect} strongest={strongest} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}
