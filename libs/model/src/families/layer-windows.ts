// Which layers of config.json see a sliding window only: `layer_types`, or a family's own rule where there is none.

import { ConfigFieldError, hasField, UnsupportedConfigError } from '../fields.ts';
import type { Fields } from '../fields.ts';

/**
 * A layer an entry: keys that a query sees, or null for all.
 * @param window `sliding_window`; null where there is none, and then no layer may slide.
 * @param slides whether a layer slides where `layer_types` is absent.
 * @throws ConfigFieldError, UnsupportedConfigError
 */
export function layerWindows(
  fields: Fields,
  nLayers: number,
  { window, slides }: { window: number | null; slides: (layer: number) => boolean },
): (number | null)[] {
  const types = layerTypes(fields, nLayers);
  const sliding = Array.from({ length: nLayers }, (_, layer) =>
    types === null ? slides(layer) : types[layer] === 'sliding_attention',
  );
  if (window === null && sliding.includes(true)) {
    throw new ConfigFieldError(fields, 'sliding_window', 'a number of tokens, since there are layers that slide');
  }
  return sliding.map((slid) => (slid ? window : null));
}

function layerTypes(fields: Fields, nLayers: number): string[] | null {
  if (!hasField(fields, 'layer_types')) return null;
  const types: unknown = fields.values.get('layer_types');
  if (!Array.isArray(types) || types.length !== nLayers) {
    throw new ConfigFieldError(fields, 'layer_types', `a list of ${nLayers} entries, one a layer`);
  }
  const known = types.every((type) => type === 'full_attention' || type === 'sliding_attention');
  if (known) return types as string[];
  throw new UnsupportedConfigError(fields, 'layer_types', 'full_attention and sliding_attention');
}
