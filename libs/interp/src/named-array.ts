/** A named result array: row-major float32 with its shape. The one currency between shards, results and files. */
export interface NamedArray {
  shape: number[];
  values: Float32Array;
}
