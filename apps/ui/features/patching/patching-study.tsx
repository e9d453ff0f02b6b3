'use client';
/** All grids of an activation-patching experiment, and the layer curves of the chosen columns. */
import { useUrlState } from '../../client/use-url-state.ts';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { ErrorNotice, Loading } from '../../components/notice.tsx';
import { PatchingStudyDocument, type PatchingStudyQuery } from '../../graphql/graphql.ts';
import { columnViews, firstDifferentColumn, foldableColumns } from './grid-view.ts';
import { LayerCurves } from './layer-curves.tsx';
import { extentOf, measured } from './measure.ts';
import { patchingChoices, toggledColumns } from './patching-choices.ts';
import { PatchingMap } from './patching-map.tsx';
import styles from './patching-study.module.css';
import { PatchingToolbar } from './patching-toolbar.tsx';
import { StudyLead } from './study-lead.tsx';

export function PatchingStudy({ experimentId }: { experimentId: string }) {
  const study = useGraphqlQuery(PatchingStudyDocument, { id: experimentId });
  if (study.error) return <ErrorNotice error={study.error} retry={() => void study.refetch()} />;
  if (!study.data?.experiment) return <Loading what="the grids" lines={10} />;
  return <Study experiment={study.data.experiment} />;
}

type Experiment = NonNullable<PatchingStudyQuery['experiment']>;

function Study({ experiment: { id, spec, metric, pairs, patchingGrids: grids } }: { experiment: Experiment }) {
  const { params, change } = useUrlState();
  const choices = patchingChoices(params);
  const numbers = grids.map((grid) => measured(grid, choices.measure));
  const shared = extentOf(numbers);
  const overPositions = grids.filter(({ rows, columns }) => rows.kind === 'LAYER' && columns.kind === 'POSITION');
  const [first] = overPositions;
  const columns = first ? columnViews(first, pairs, true) : [];
  const selected =
    choices.columns ?? usualColumns(first ? firstDifferentColumn(pairs, columns.length) : 0, columns.length);
  const select = (column: number): void => change({ columns: toggledColumns(selected, column).join('.') || '.' });
  const open = choices.expanded || choices.asTable;
  return (
    <>
      <StudyLead spec={spec} metric={metric} grid={grids[0]} pair={pairs[0]} pairCount={pairs.length} />
      <PatchingToolbar
        choices={choices}
        metric={metric}
        foldable={first ? foldableColumns(first, pairs) : 0}
        change={change}
      />
      <div className={`${styles.maps} ${open ? styles.wide : ''}`}>
        {grids.map((grid, i) => (
          <PatchingMap
            key={grid.activation}
            grid={grid}
            pairs={pairs}
            measure={choices.measure}
            metric={metric}
            extent={choices.sameRange ? shared : extentOf(numbers.slice(i, i + 1))}
            expanded={choices.expanded}
            asTable={choices.asTable}
            selected={overPositions.includes(grid) ? selected : []}
            onSelect={overPositions.includes(grid) ? select : undefined}
            onUnfold={() => change({ prefix: 'open' })}
          />
        ))}
      </div>
      {first && (
        <LayerCurves
          experimentId={id}
          grids={overPositions}
          pairs={pairs}
          columns={selected.flatMap((index) => columns[index] ?? [])}
          measure={choices.measure}
          metric={metric}
          onRemove={select}
        />
      )}
    </>
  );
}

/** Where the prompts begin to differ, and the answer position. */
const usualColumns = (different: number, count: number): number[] =>
  [...new Set([different, count - 1])].filter((c) => c >= 0 && c < count);
