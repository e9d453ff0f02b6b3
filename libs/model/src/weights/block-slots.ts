// Which block lies in which slot, and what is to be read next. Arithmetic alone: no memory, no files, no threads.
//
// As many blocks as the slots allow have a home of their own and are read once; they are spread over the layers, so that
// the disk has time to catch up while they compute. The others pass through the slots that are left, two or three.

/** A slot's place in the list, and the block that it holds or that is on its way to it. */
interface Slot {
  index: number;
  layer: number | null;
  /** Calls that use the block now. */
  users: number;
  /** When it was used last, on a clock of uses. */
  usedAt: number;
}

/** Slots that blocks without a home pass through: one computes and one is read; a third evens out where there are many. */
const PASSING = 2;
const PASSING_OF_MANY = 3;
const MANY = 8;

/** Tells to read a block into a slot. */
export type Request = (layer: number, slot: number) => void;

export class BlockSlots {
  readonly #layers: number;
  readonly #slots: Slot[];
  /** By layer: its home, where it has one. */
  readonly #homes = new Map<number, Slot>();
  readonly #passing: Slot[];
  readonly #request: Request;
  #clock = 0;

  constructor(layers: number, slots: number, request: Request) {
    this.#layers = layers;
    this.#slots = Array.from({ length: Math.min(layers, slots) }, (_, index) => emptySlot(index));
    this.#request = request;
    const homes = homeLayers(layers, this.#slots.length);
    for (const [i, layer] of homes.entries()) this.#homes.set(layer, this.#slots[i]!);
    this.#passing = this.#slots.slice(homes.length);
  }

  /** The slot of a block, which is asked for unless it is there; it keeps the block until `release`. */
  take(layer: number): number {
    const slot = this.#slotOf(layer) ?? this.#bring(layer, []);
    if (slot === null) throw new RangeError(`all ${this.#slots.length} slots are in use: layer ${layer} has no place`);
    slot.users++;
    slot.usedAt = ++this.#clock;
    return slot.index;
  }

  release(index: number): void {
    this.#slots[index]!.users--;
  }

  /** Forgets what a slot holds: it could not be read. */
  forget(index: number): void {
    this.#slots[index]!.layer = null;
  }

  /** Asks for the blocks that come after `layer`, from `ahead` on in that direction, as far as there are slots. */
  readAhead(layer: number, ahead: number): void {
    const step = ahead > layer ? 1 : -1;
    const wanted: Slot[] = [];
    for (let next = ahead; next >= 0 && next < this.#layers; next += step) {
      const slot = this.#slotOf(next) ?? this.#bring(next, wanted);
      if (slot === null) return;
      if (this.#passing.includes(slot)) wanted.push(slot);
      if (wanted.length >= this.#passing.length) return;
    }
  }

  #slotOf(layer: number): Slot | undefined {
    return this.#slots.find((slot) => slot.layer === layer);
  }

  /** Asks for a block, in its home or in the passing slot that was used longest ago; null when none is free. */
  #bring(layer: number, wanted: readonly Slot[]): Slot | null {
    const free = this.#passing.filter((slot) => slot.users === 0 && !wanted.includes(slot));
    const slot = this.#homes.get(layer) ?? free.sort((a, b) => a.usedAt - b.usedAt)[0];
    if (slot === undefined) return null;
    slot.layer = layer;
    slot.usedAt = ++this.#clock;
    this.#request(layer, slot.index);
    return slot;
  }
}

function emptySlot(index: number): Slot {
  return { index, layer: null, users: 0, usedAt: 0 };
}

/** The layers that have a home: all, or those that two or three slots less have room for, the last one among them. */
function homeLayers(layers: number, slots: number): number[] {
  const homes = slots >= layers ? layers : Math.max(0, slots - (slots >= MANY ? PASSING_OF_MANY : PASSING));
  return Array.from({ length: homes }, (_, i) => Math.floor(((i + 1) * layers) / homes) - 1);
}
