'use client';
/** A direction experiment: every candidate with what it does, the chosen one, and a name for one of them. */
import { numberText } from '@demur/charts';
import { useState } from 'react';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import table from '../../components/data-table.module.css';
import { ErrorNotice, Loading } from '../../components/notice.tsx';
import { sentenceCase } from '../../components/sentence-case.ts';
import { Segmented } from '../../components/segmented.tsx';
import { DirectionStudyDocument } from '../../graphql/graphql.ts';
import { candidateRows, centreOf, effectsOf, type Candidates, type Effect } from './candidate-view.ts';
import { DirectionNaming } from './direction-naming.tsx';
import styles from './direction-study.module.css';

export function DirectionStudy({ experimentId }: { experimentId: string }) {
  const study = useGraphqlQuery(DirectionStudyDocument, { id: experimentId });
  if (study.error) return <ErrorNotice error={study.error} retry={() => void study.refetch()} />;
  if (!study.data?.experiment?.directionCandidates) return <Loading what="the candidates" lines={6} />;
  const { metric, directionCandidates: candidates } = study.data.experiment;
  return (
    <>
      <Choice candidates={candidates} metric={metric} />
      <CandidateTable candidates={candidates} metric={metric} />
      <DirectionNaming experimentId={experimentId} candidates={candidates} />
    </>
  );
}

function Choice({ candidates, metric }: { candidates: Candidates; metric: string }) {
  const { selected, unselected, baselineClean, baselineCorrupted } = candidates;
  if (!selected) return unselected ? <p>No direction was chosen: {unselected}.</p> : null;
  return (
    <p>
      Chosen: layer {selected.layer}, position {selected.position.replace('-', '−')}. Ablated, it takes the {metric} of
      the clean prompts from {numberText(baselineClean)} to {numberText(selected.ablation)}; added, that of the
      corrupted ones from {numberText(baselineCorrupted)} to {numberText(selected.addition)}. Without it the corrupted
      prompts’ next token is {numberText(selected.kl)} nats away.
    </p>
  );
}

function effectWords(metric: string): Record<Effect, string> {
  return {
    ablation: `${sentenceCase(metric)} of clean, ablated`,
    addition: `${sentenceCase(metric)} of corrupted, added`,
    kl: 'KL divergence, ablated',
    norms: 'Length',
  };
}

function CandidateTable({ candidates, metric }: { candidates: Candidates; metric: string }) {
  const effects = effectsOf(candidates);
  const [effect, setEffect] = useState<Effect>(effects[0] ?? 'norms');
  const words = effectWords(metric);
  const choices = Object.fromEntries(effects.map((own) => [own, words[own]])) as Record<Effect, string>;
  return (
    <section className={styles.section} aria-label="Candidates">
      <h2>Candidates</h2>
      <Segmented label="Shown" choices={choices} value={effect} onChange={setEffect} />
      <div className={table.frame}>
        <table className={`${table.table} ${styles.candidates}`} aria-label={words[effect]}>
          <thead>
            <tr>
              <th scope="col">Layer</th>
              {candidates.positions.map((position) => (
                <th key={position} scope="col">
                  {position.replace('-', '−')}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {candidateRows(candidates, effect).map(({ layer, cells }) => (
              <tr key={layer}>
                <th scope="row">{layer}</th>
                {cells.map(({ position, text, colour, isSelected }) => (
                  <td key={position} style={{ backgroundColor: colour }} aria-selected={isSelected}>
                    {text}
                    {isSelected && <small> chosen</small>}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <small>
        {effect === 'norms' || effect === 'kl'
          ? 'By layer and position.'
          : `By layer and position; with nothing done it is ${numberText(centreOf(candidates, effect))}, the neutral colour.`}
      </small>
    </section>
  );
}
