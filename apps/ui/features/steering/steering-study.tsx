'use client';
/** A steering or a generation: the metric at every coefficient, and what the model wrote for each pair. */
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import table from '../../components/data-table.module.css';
import { ErrorNotice, Loading } from '../../components/notice.tsx';
import { numberText } from '../../components/number-text.ts';
import { sentenceCase } from '../../components/sentence-case.ts';
import { SteeringStudyDocument } from '../../graphql/graphql.ts';
import { visibleToken } from '../patching/token-text.ts';
import { runOf, steeringRows, type SteeredExperiment, type SteeringRow } from './steering-rows.ts';
import styles from './steering-study.module.css';

export function SteeringStudy({ experimentId }: { experimentId: string }) {
  const study = useGraphqlQuery(SteeringStudyDocument, { id: experimentId });
  if (study.error) return <ErrorNotice error={study.error} retry={() => void study.refetch()} />;
  if (!study.data?.experiment) return <Loading what="the completions" lines={6} />;
  const { experiment } = study.data;
  return (
    <>
      {experiment.steeringSweep && <SweepTable {...experiment.steeringSweep} name={experiment.metric} />}
      <CompletionTable experiment={experiment} />
    </>
  );
}

function SweepTable({
  coefficients,
  mean,
  name,
}: Pick<NonNullable<SteeredExperiment['steeringSweep']>, 'coefficients' | 'mean'> & { name: string }) {
  return (
    <section className={styles.section} aria-label="Mean over pairs">
      <h2>{sentenceCase(name)}, mean over pairs</h2>
      <div className={table.frame}>
        <table className={`${table.table} ${styles.sweep}`}>
          <tbody>
            <tr>
              <th scope="row">coefficient</th>
              {coefficients.map((coefficient, c) => (
                <td key={c}>{numberText(coefficient)}</td>
              ))}
            </tr>
            <tr>
              <th scope="row">{name}</th>
              {mean.map((value, c) => (
                <td key={c}>{numberText(value)}</td>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
    </section>
  );
}

function CompletionTable({ experiment }: { experiment: SteeredExperiment }) {
  const isSweep = experiment.steeringSweep !== null && experiment.steeringSweep !== undefined;
  return (
    <section className={styles.section} aria-label="Completions">
      <h2>Completions of the {runOf(experiment.spec)} prompts</h2>
      <div className={table.frame}>
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">Pair</th>
              {isSweep && <th scope="col">Coefficient</th>}
              {isSweep && <th scope="col">{sentenceCase(experiment.metric)}</th>}
              <th scope="col">Completion</th>
            </tr>
          </thead>
          <tbody>
            {steeringRows(experiment).map((row) => (
              <tr key={row.key}>
                <th scope="row">
                  {row.pair} <code>{visibleToken(row.word)}</code>
                </th>
                {isSweep && <td className={table.number}>{numberText(row.coefficient)}</td>}
                {isSweep && <td className={table.number}>{numberText(row.metric)}</td>}
                <td className={styles.text}>
                  <CompletionText completion={row.completion} />
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
function CompletionText({ completion }: Pick<SteeringRow, 'completion'>) {
  if (completion === null) return <small>no tokens were asked for</small>;
  const { text, tokens, finish } = completion;
  return (
    <>
      {text ?? <code>{tokens.join(' ')}</code>}
      <small>{endings[finish]}</small>
    </>
  );
}
