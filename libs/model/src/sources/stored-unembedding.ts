// A configuration may say that the unembedding is the embedding, and the file hold one nevertheless. transformers ties them
// only where the two are equal, and otherwise takes what is stored. So do we.

import type { ModelConfig } from '../config.ts';
import type { Family } from '../families/family.ts';
import { readBytes, withFile } from '../weights/read-bytes.ts';
import type { TensorEntries, TensorEntry } from '../weights/tensor-entry.ts';

const CHUNK_BYTES = 4 * 2 ** 20;

/** What a stored unembedding changes. */
interface Tie {
  config: ModelConfig;
  /** A second copy of the embedding, which nobody needs to read; null where there is none. */
  copy: string | null;
}

/** The configuration, untied where the file holds an unembedding of its own. */
export async function resolveTie(family: Family, config: ModelConfig, entries: TensorEntries): Promise<Tie> {
  if (!config.tiedEmbeddings) return { config, copy: null };
  const untied = { ...config, tiedEmbeddings: false };
  const plan = family.planWeights(untied, 'huggingface', entries);
  const stored = (name: string): TensorEntry | undefined =>
    entries.get(plan.find((planned) => planned.name === name)?.stored.tensor ?? '');
  const [embedding, unembedding] = [stored('embed.W_E'), stored('unembed.W_U')];
  if (embedding === undefined || unembedding === undefined) return { config, copy: null };
  const equal = await holdTheSame(embedding, unembedding);
  return equal ? { config, copy: unembedding.name } : { config: untied, copy: null };
}

async function holdTheSame(a: TensorEntry, b: TensorEntry): Promise<boolean> {
  if (a.type.name !== b.type.name || String(a.shape) !== String(b.shape)) return false;
  return withFile(a.file, (fileOfA) =>
    withFile(b.file, async (fileOfB) => {
      const [chunkOfA, chunkOfB] = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)];
      for (let done = 0; done < a.byteLength; done += CHUNK_BYTES) {
        const count = Math.min(CHUNK_BYTES, a.byteLength - done);
        const [partOfA, partOfB] = [chunkOfA.subarray(0, count), chunkOfB.subarray(0, count)];
        await readBytes(fileOfA, a.offset + done, partOfA, `tensor "${a.name}"`);
        await readBytes(fileOfB, b.offset + done, partOfB, `tensor "${b.name}"`);
        if (!partOfA.equals(partOfB)) return false;
      }
      return true;
    }),
  );
}
