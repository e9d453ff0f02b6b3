'use client';
/** Asks for a study: which, of which model, on which pairs. What is chosen stands in the address. */
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { useUrlState } from '../../client/use-url-state.ts';
import { CardChoice } from '../../components/card-choice.tsx';
import { ErrorNotice, Loading } from '../../components/notice.tsx';
import { NewStudyChoicesDocument } from '../../graphql/graphql.ts';
import { DataSetField } from '../data-sets/data-set-field.tsx';
import { ModelField } from '../models/model-field.tsx';
import styles from './new-study.module.css';
import { studyForm } from './study-form.ts';
import { useCreateStudy } from './use-create-study.ts';

export function NewStudy() {
  const choices = useGraphqlQuery(NewStudyChoicesDocument, {});
  const { params, change } = useUrlState();
  const create = useCreateStudy();
  if (choices.error) return <ErrorNotice error={choices.error} retry={() => void choices.refetch()} />;
  if (!choices.data) return <Loading what="studies, models and data sets" />;
  const { studyKinds, models, dataSets } = choices.data;
  const form = studyForm(params, choices.data);
  const edit = (changes: Partial<Record<keyof typeof form, string>>): void => {
    create.reset();
    change(changes);
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate(form);
      }}
    >
      <CardChoice
        label="Study"
        name="name"
        cards={studyKinds.map(({ name, title, question }) => ({ value: name, title, words: question }))}
        value={form.name}
        onChange={(name) => edit({ name })}
      />
      <div className={styles.row}>
        <ModelField models={models} value={form.model} onChange={(model) => edit({ model })} />
        <DataSetField dataSets={dataSets} value={form.dataSet} onChange={(dataSet) => edit({ dataSet })} />
      </div>
      <label className={styles.check}>
        <input
          type="checkbox"
          checked={form.evenIfMixed}
          onChange={(event) => edit({ evenIfMixed: event.target.checked ? 'true' : '' })}
        />
        <span>
          Go on although the groups overlap
          <small>
            A study first asks whether the model refuses the prompts that it should, and not the others. Where the two
            are mixed it stops there and says so, unless it is to go on.
          </small>
        </span>
      </label>
      {create.error && <ErrorNotice error={create.error} />}
      <button className="primary" disabled={create.isPending || form.model === ''}>
        {create.isPending ? 'Checking…' : 'Start the study'}
      </button>
    </form>
  );
}
