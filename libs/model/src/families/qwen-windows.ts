// Which layers of Qwen2 and Qwen3 slide: none unless `use_sliding_window`, then those from `max_window_layers` on.

import { booleanField, integerField } from '../fields.ts';
import type { Fields } from '../fields.ts';
import { windowField } from './decoder-fields.ts';
import { layerWindows } from './layer-windows.ts';

/** Fields that `qwenWindows` reads. */
export const windowFields = ['sliding_window', 'use_sliding_window', 'layer_types'];

/** @throws ConfigFieldError */
export function qwenWindows(fields: Fields, nLayers: number): (number | null)[] {
  const window = booleanField(fields, 'use_sliding_window', false) ? windowField(fields, 4096) : null;
  const first = integerField(fields, 'max_window_layers', { min: 0, fallback: 28 });
  return layerWindows(fields, nLayers, { window, slides: (layer) => window !== null && layer >= first });
}
