/** The circuit that ACDC takes edges from, and which of its nodes nothing reads any more. No tensors here. */
import type { Graph } from '../graph/graph.ts';
import { nodeInputs } from '../graph/node-inputs.ts';

export class RunningCircuit {
  /** [sender, receiver] row-major, 1 where an edge is kept. Read only. */
  readonly mask: Uint8Array;
  /** By sender: its kept edges. */
  readonly #outgoing: Uint32Array;
  /** By column: the senders whose input it is; none of `logits`. */
  readonly #owners: readonly (readonly number[])[];

  private constructor(mask: Uint8Array, outgoing: Uint32Array, owners: readonly (readonly number[])[]) {
    this.mask = mask;
    this.#outgoing = outgoing;
    this.#owners = owners;
  }

  static of(start: Uint8Array, graph: Graph): RunningCircuit {
    const columns = graph.receivers.length;
    const owners = Array.from({ length: columns }, (): number[] => []);
    for (const [sender, inputs] of nodeInputs(graph).entries())
      for (const column of inputs) owners[column]!.push(sender);
    const outgoing = Uint32Array.from(graph.senders, (_, sender) =>
      start.subarray(sender * columns, (sender + 1) * columns).reduce((sum, kept) => sum + kept, 0),
    );
    return new RunningCircuit(start.slice(), outgoing, owners);
  }

  copy(): RunningCircuit {
    return new RunningCircuit(this.mask.slice(), this.#outgoing.slice(), this.#owners);
  }

  remove(cell: number): void {
    this.mask[cell] = 0;
    this.#outgoing[Math.floor(cell / this.#owners.length)]! -= 1;
  }

  /** Whether nothing reads the node that the edge goes into, so that the edge cannot matter. */
  isDead(cell: number): boolean {
    const owners = this.#owners[cell % this.#owners.length]!;
    return owners.length > 0 && owners.every((sender) => this.#outgoing[sender] === 0);
  }
}
