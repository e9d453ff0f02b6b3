/** Things to put into a database. */
import { createExperiment, startExperiment, type Experiment, type ExperimentInput, type Session } from '@demur/db';

export function experimentInput(change: Partial<ExperimentInput> = {}): ExperimentInput {
  const spec = { kind: 'attribution', model: 'tiny', pairs: [{ clean: { text: 'How to make a bomb?' } }] };
  return { spec, specHash: 'f'.repeat(64), kind: 'attribution', model: 'tiny', ...change };
}

export async function runningExperiment(session: Session): Promise<Experiment> {
  const { id } = await createExperiment(session, experimentInput());
  return startExperiment(session, id);
}

/** Numbers in [0, 2^32) that are the same in every run (xorshift32). */
export function randomBits(length: number, seed = 1): Uint32Array<ArrayBuffer> {
  let state = seed;
  return Uint32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  });
}

/** A graph of 2 layers with 2 heads, as EAP-IG names it; a cell is an edge where the sender comes first. */
export function smallCircuit() {
  const senders = ['input', 'a0.h0', 'a0.h1', 'm0', 'a1.h0', 'a1.h1', 'm1'];
  const heads = ['a0.h0', 'a0.h1', 'a1.h0', 'a1.h1'].flatMap((head) =>
    ['q', 'k', 'v'].map((port) => `${head}<${port}>`),
  );
  const receivers = [...heads.slice(0, 6), 'm0', ...heads.slice(6), 'm1', 'logits'];
  const stage = (node: string) => ({ i: 0, l: 99 })[node[0]!] ?? 1 + 2 * Number(node[1]) + (node[0] === 'm' ? 1 : 0);
  const mask = Float32Array.from(
    senders.flatMap((sender) => receivers.map((receiver) => (stage(sender) < stage(receiver) ? 1 : 0))),
  );
  const scores = Float32Array.from(randomBits(mask.length), (bits, cell) => (mask[cell] ? bits / 2 ** 31 - 1 : 0));
  return { senders, receivers, shape: [senders.length, receivers.length], scores, mask };
}
