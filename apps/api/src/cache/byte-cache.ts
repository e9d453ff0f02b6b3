/** Values kept in memory up to a number of bytes; the one used longest ago goes first. */

/** How many bytes a value holds. */
export interface Weighted {
  readonly bytes: number;
}

export class ByteCache<Value extends Weighted> {
  readonly #maxBytes: number;
  /** In the order of their last use. */
  readonly #values = new Map<string, Value>();
  readonly #loading = new Map<string, Promise<Value>>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The value of `key`, loaded once however many ask at a time. One larger than the cache is not kept. */
  async get(key: string, load: () => Promise<Value>): Promise<Value> {
    const known = this.#values.get(key);
    if (known === undefined) return this.#load(key, load);
    this.#values.delete(key);
    this.#values.set(key, known);
    return known;
  }

  #load(key: string, load: () => Promise<Value>): Promise<Value> {
    const loading = this.#loading.get(key);
    if (loading !== undefined) return loading;
    const value = load()
      .then((loaded) => this.#keep(key, loaded))
      .finally(() => this.#loading.delete(key));
    this.#loading.set(key, value);
    return value;
  }

  #keep(key: string, value: Value): Value {
    this.#values.set(key, value);
    this.#bytes += value.bytes;
    for (const [oldest, { bytes }] of this.#values) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#values.delete(oldest);
      this.#bytes -= bytes;
    }
    return value;
  }
}
