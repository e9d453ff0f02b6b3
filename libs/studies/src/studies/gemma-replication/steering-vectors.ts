/**
 * The two vectors that the replication steers with, found on half of the pairs: what the chosen heads add, and the difference of
 * means. Where each is read and added is chosen among some layers and all places of the prompt.
 */
import type { NamedArray } from '@demur/interp';
import { placesInOrder } from '../../prompt-places.ts';
import type { StudyFinding } from '../../study.ts';
import { layersText, number } from '../../wording.ts';
import type { Replication } from './replication.ts';

/** `heads`: what the chosen heads add together. `difference`: mean of harmful minus mean of harmless. */
export type VectorName = 'heads' | 'difference';

export interface SteeringVector {
  name: VectorName;
  words: string;
  /** As specs call it. */
  direction: { experiment: string; layer: number; position: number | string };
  /** Which layer and position, and why these, as a sentence. */
  chosen: string;
}

const WORDS: Record<VectorName, string> = { heads: 'the heads’ vector', difference: 'the difference vector' };

interface Candidate {
  layer: number;
  position: number | string;
}

/**
 * What the heads add is the same vector at any layer, and is added where it raises harmless prompts most; the difference vector
 * is chosen by the rules of Arditi et al., and where none keeps them, in that way too. Null where all candidates are zero.
 */
export async function findVector(
  { step, halves, places }: Replication,
  { name, heads, layers }: { name: VectorName; heads?: string[]; layers: number[] },
): Promise<SteeringVector | null> {
  const position = placesInOrder(places).map((place) => place.position);
  const method = heads === undefined ? { method: 'difference-in-means' } : { method: 'heads', heads };
  const finding = await step(`${name}-direction`, {
    kind: 'direction',
    pairs: halves.finding,
    options: { ...method, layers, position, select: true },
  });
  const { selected, unselected } = finding.result;
  const byRules = name === 'difference' && selected ? selected : null;
  const strongest = byRules ?? (await strongestAddition(finding));
  if (strongest === null) return null;
  const { layer, position: place } = strongest;
  const rule = name === 'heads' ? '' : byRules ? ', by the rules of Arditi et al. 2024' : ` (${unselected})`;
  const why = byRules
    ? `ablating it leaves a metric of ${number(byRules.ablation)} on harmful prompts`
    : `adding it once brings harmless prompts to the highest metric, ${number((strongest as Addition).addition)}`;
  return {
    ...{ name, words: WORDS[name], direction: { experiment: finding.experiment, layer, position: place } },
    chosen: `Of ${layersText(layers)}, ${WORDS[name]} is taken at layer ${layer}, position “${place}”${rule}: ${why}.`,
  };
}

type Addition = Candidate & { addition: number };

/** Of the candidates that are not zero. */
async function strongestAddition({ result, array }: StudyFinding): Promise<Addition | null> {
  const [norms, additions] = await Promise.all([array('norms'), array('selection.addition')]);
  return candidatesOf(result).reduce<Addition | null>((best, candidate, at) => {
    const addition = valueAt(additions, at);
    if (valueAt(norms, at) === 0 || !Number.isFinite(addition)) return best;
    return best === null || addition > best.addition ? { ...candidate, addition } : best;
  }, null);
}

/** In the order of the arrays [layer, position]. */
function candidatesOf({ layers = [], positions = [] }: StudyFinding['result']): Candidate[] {
  return layers.flatMap((layer) => positions.map((position) => ({ layer, position })));
}

const valueAt = ({ values }: NamedArray, at: number): number => values[at]!;
