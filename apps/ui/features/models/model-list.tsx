'use client';
/** All registered models. */
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { EmptyState, ErrorNotice, Loading } from '../../components/notice.tsx';
import { ModelListDocument, type ModelListQuery } from '../../graphql/graphql.ts';
import { ModelCard } from './model-card.tsx';
import styles from './model-list.module.css';

const registration = `mutation {
  registerModel(input: { path: "/models/SmolLM2-135M-Instruct" }) {
    slug
  }
}`;

/** Whether a check waits or runs. */
function isChecking({ models }: ModelListQuery): boolean {
  return models.some(({ checks }) => checks.some(({ status }) => status === 'QUEUED' || status === 'RUNNING'));
}

export function ModelList() {
  const list = useGraphqlQuery(ModelListDocument, {}, { pollWhile: isChecking });
  if (list.error) return <ErrorNotice error={list.error} retry={() => void list.refetch()} />;
  if (!list.data) return <Loading what="models" />;
  if (list.data.models.length === 0) return <NoModels />;
  return (
    <ul className={styles.list}>
      {list.data.models.map((model) => (
        <ModelCard key={model.id} model={model} />
      ))}
    </ul>
  );
}

function NoModels() {
  return (
    <EmptyState title="No model is registered">
      <p>
        Register a Hugging Face directory or a GGUF file on the server through <a href="/graphql">GraphQL</a>:
      </p>
      <pre>{registration}</pre>
    </EmptyState>
  );
}
