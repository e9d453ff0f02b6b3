/** A heat map of layers by heads, for any number that a head has. */
import type { HeatMap } from './figure.ts';

/** @param values [layer][head], or with each layer's MLP as one column more than there are heads. */
export function headMap(
  values: number[][],
  { nHeads, ...titled }: { nHeads: number; title: string; caption: string; unit: string },
): HeatMap {
  const columns = values[0]!.map((_, column) => (column === nHeads ? 'MLP' : String(column)));
  return {
    ...{ kind: 'heat-map', ...titled, values },
    rows: { title: 'layer', labels: values.map((_, layer) => String(layer)) },
    columns: { title: 'head', labels: columns },
  };
}
