/** The candidates of a direction experiment as tables, from its result and its arrays [layer, position]. */
import type { NamedArray } from '@demur/interp';
import type { Finding } from '../experiment/finding.ts';
import { mean } from '../patching-grid/grid-values.ts';
import type { DirectionCandidates } from './direction.type.ts';

/** Null for another kind. */
export async function candidatesOf({ result, array }: Finding): Promise<DirectionCandidates | null> {
  const { kind, layers, positions, selected = null, unselected = null } = result;
  if (kind !== 'direction' || layers === undefined || positions === undefined) return null;
  const table = async (name: string): Promise<number[][] | null> => {
    const found = await array(name);
    return found === undefined ? null : rowsOf(found);
  };
  const baseline = async (name: string): Promise<number> => mean((await array(name))!.values)!;
  return {
    ...{ layers, positions: positions.map(String), unselected },
    norms: (await table('norms'))!,
    ablation: await table('selection.ablation'),
    addition: await table('selection.addition'),
    kl: await table('selection.kl'),
    baselineClean: await baseline('baseline.clean'),
    baselineCorrupted: await baseline('baseline.corrupted'),
    selected: selected === null ? null : { ...selected, position: String(selected.position) },
  };
}

function rowsOf({ shape, values }: NamedArray): number[][] {
  const [rows, columns] = shape as [number, number];
  return Array.from({ length: rows }, (_, row) => [...values.subarray(row * columns, (row + 1) * columns)]);
}
