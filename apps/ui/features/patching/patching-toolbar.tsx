'use client';
/** The switches of a patching page; the address holds them. */
import type { UrlChanges } from '../../client/changed-query.ts';
import { Segmented } from '../../components/segmented.tsx';
import { measureNames } from './measure.ts';
import type { PatchingChoices } from './patching-choices.ts';
import styles from './patching-study.module.css';

interface PatchingToolbarProps {
  choices: PatchingChoices;
  /** In words, such as "logit difference". */
  metric: string;
  /** Shared tokens that can be folded; 0 for none. */
  foldable: number;
  change: (changes: UrlChanges) => void;
}

export function PatchingToolbar({ choices, metric, foldable, change }: PatchingToolbarProps) {
  return (
    <div className={styles.toolbar} role="toolbar" aria-label="Display">
      <Segmented
        label="Measure"
        choices={measureNames(metric)}
        value={choices.measure}
        onChange={(measure) => change({ measure: measure === 'raw' ? 'raw' : null })}
      />
      <Segmented
        label="View"
        choices={{ map: 'Map', table: 'Table' }}
        value={choices.asTable ? 'table' : 'map'}
        onChange={(view) => change({ view: view === 'table' ? 'table' : null })}
      />
      <label>
        <input
          type="checkbox"
          checked={choices.sameRange}
          onChange={(event) => change({ range: event.target.checked ? 'same' : null })}
        />
        One colour range for all maps
      </label>
      {foldable > 0 && (
        <label>
          <input
            type="checkbox"
            checked={choices.expanded}
            onChange={(event) => change({ prefix: event.target.checked ? 'open' : null })}
          />
          Show the {foldable} shared tokens
        </label>
      )}
    </div>
  );
}
