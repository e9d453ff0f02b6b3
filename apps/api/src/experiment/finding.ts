/** What an experiment found, as the nouns made from it read it. */
import type { NamedArray, ResultJson } from '@demur/interp';

export interface Finding {
  result: ResultJson;
  /** An array by its name, read when asked for; undefined where the experiment has none of it. */
  array(name: string): Promise<NamedArray | undefined>;
}
