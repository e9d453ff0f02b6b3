'use client';
/** A steering or a generation: the metric at every coefficient, and what the model wrote for each pair. */
import { numberText } from '@demur/charts';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import table from '../../components/data-table.module.css';
import { ErrorNotice, Loading } from '../../components/notice.tsx';
import { sentenceCase } from '../../components/sentence-case.ts';
import { numbers, TableHead } from '../../components/table-head.tsx';
import { SteeringStudyDocument } from '../../graphql/graphql.ts';
import { visibleToken } from '../patching/token-text.ts';
import { patchesOf, runOf, steeringRows, type SteeredExperiment, type SteeringRow } from './steering-rows.ts';
import styles from './steering-study.module.css';
import { SweepCurves } from './sweep-curves.tsx';
import { SweepTable } from './sweep-table.tsx';

export function SteeringStudy({ experimentId }: { experimentId: string }) {
  const study = useGraphqlQuery(SteeringStudyDocument, { id: experimentId });
  if (study.error) return <ErrorNotice error={study.error} retry={() => void study.refetch()} />;
  if (!study.data?.experiment) return <Loading what="the completions" lines={6} />;
  const { experiment } = study.data;
  return (
    <>
      {experiment.steeringSweep && (
        <>
          <SweepTable sweep={experiment.steeringSweep} metric={experiment.metric} />
          <SweepCurves sweep={experiment.steeringSweep} metric={experiment.metric} />
        </>
      )}
      <CompletionTable experiment={experiment} />
    </>
  );
}

function CompletionTable({ experiment }: { experiment: SteeredExperiment }) {
  const isSweep = experiment.steeringSweep !== null && experiment.steeringSweep !== undefined;
  return (
    <section className={styles.section} aria-label="Completions">
      <h2>Completions of the {runOf(experiment.spec)} prompts</h2>
      {patchesOf(experiment.spec).map((patch) => (
        <p key={patch}>While they were read, {patch} was put in from the other prompt of each pair.</p>
      ))}
      <div className={table.frame}>
        <table className={table.table}>
          <TableHead
            columns={[
              'Pair',
              ...(isSweep ? [numbers('Coefficient'), numbers(sentenceCase(experiment.metric))] : []),
              'Completion',
            ]}
          />
          <tbody>
            {steeringRows(experiment).map((row) => (
              <tr key={row.key}>
                <th scope="row">
                  {row.pair} <code>{visibleToken(row.word)}</code>
                </th>
                {isSweep && <td className={table.number}>{numberText(row.coefficient)}</td>}
                {isSweep && <td className={table.number}>{numberText(row.metric)}</td>}
                <td className={styles.text}>
                  <CompletionText {...row} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const endings = { STOP: '', LENGTH: '…', CONTEXT: '… (the context is full)' };

/** The text; the token ids where the model has no tokenizer. */
function CompletionText({ completion, isRefusal }: Pick<SteeringRow, 'completion' | 'isRefusal'>) {
  if (completion === null) return <small>no tokens were asked for</small>;
  const { text, tokens, finish } = completion;
  return (
    <>
      {text ?? <code>{tokens.join(' ')}</code>}
      <small>{endings[finish]}</small>
      {isRefusal && <small className={styles.refusal}>refuses</small>}
    </>
  );
}
