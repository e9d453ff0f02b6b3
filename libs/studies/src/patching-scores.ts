/**
 * The refusal scores of an activation patching, (m − destination) / (source − destination): the mean over pairs and how far
 * the pairs lie from it. Of sites without heads; a cell that no pair has is null.
 */
import type { NamedArray } from '@demur/interp';
import { meanAndDeviation } from './mean-and-deviation.ts';
import type { StudyFinding } from './study.ts';

export interface PatchingScores {
  /** [layer][position]. */
  mean: (number | null)[][];
  /** [layer][position]: standard deviation over pairs of each one's change, on the scale of the means. */
  deviation: (number | null)[][];
}

/** @throws StudyError for a site that the experiment did not patch */
export async function patchingScores(finding: StudyFinding, site: string): Promise<PatchingScores> {
  const [clean, corrupted, patched] = await Promise.all(
    ['baseline.clean', 'baseline.corrupted', site].map((name) => finding.array(name)),
  );
  const { options } = finding.result.spec;
  const isNoising = 'direction' in options && options.direction === 'noising';
  const [source, destination] = isNoising ? [corrupted!, clean!] : [clean!, corrupted!];
  return scoresOf(patched!, { source: source.values, destination: destination.values });
}

/** @param patched [layer, position, pair]; NaN where a pair has no such position. */
function scoresOf(
  { shape, values }: NamedArray,
  { source, destination }: Record<'source' | 'destination', Float32Array>,
): PatchingScores {
  const [layers = 0, positions = 0, pairs = 0] = shape;
  const scale = meanAndDeviation(source).mean - meanAndDeviation(destination).mean;
  const cell = (layer: number, position: number) => {
    const from = (layer * positions + position) * pairs;
    const changes = Array.from(destination, (own, pair) => (values[from + pair]! - own) / scale).filter(
      (change) => !Number.isNaN(change),
    );
    return changes.length === 0 ? { mean: null, deviation: null } : meanAndDeviation(changes);
  };
  const cells = Array.from({ length: layers }, (_, layer) =>
    Array.from({ length: positions }, (_, position) => cell(layer, position)),
  );
  return {
    mean: cells.map((row) => row.map(({ mean }) => mean)),
    deviation: cells.map((row) => row.map(({ deviation }) => deviation)),
  };
}
