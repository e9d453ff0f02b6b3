/** Every number format of GGUF gives the values that the gguf package gives, bit for bit. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { decodeBlocks, elementType } from '../../../libs/model/src/weights/element-type.ts';
import { readArrays } from '../../golden/golden-case.ts';
import { golden } from './model-files.ts';

const arrays = readArrays(pathToFileURL(join(golden, 'quantised/quantised.safetensors')));
const names: Record<string, string> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };
const formats = ['F32', 'F16', 'BF16', 'Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'Q8_0', 'Q4_K', 'Q5_K', 'Q6_K'];

it.each(formats)('%s', (format) => {
  const type = elementType(names[format] ?? format);
  const bytes = Uint8Array.from(arrays[`${format}.bytes`]!.values);
  const { values } = arrays[`${format}.values`]!;
  const got = new Float32Array(values.length);
  decodeBlocks(type, bytes, got);
  expect((bytes.length / type.blockBytes) * type.blockLength).toBe(values.length);
  expect(got).toEqual(values);
});
