/** One data set: what it is called, and its pairs. */
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { DataSetCardFragmentDoc } from '../../graphql/graphql.ts';
import { BuiltInPairs } from './built-in-pairs.tsx';
import styles from './data-set-card.module.css';
import { PairTable } from './pair-table.tsx';

export function DataSetCard({ dataSet }: { dataSet: FragmentType<typeof DataSetCardFragmentDoc> }) {
  const { slug, name, description, builtIn, size, pairs } = readFragment(DataSetCardFragmentDoc, dataSet);
  return (
    <section className={styles.card}>
      <h2>{name}</h2>
      <p>
        {description} {sizeText(size)}; named <code>{slug}</code> in a specification
      </p>
      {builtIn ? <BuiltInPairs slug={slug} /> : <PairTable pairs={pairs} />}
    </section>
  );
}

function sizeText(size: number | null | undefined): string {
  if (size === null || size === undefined) return 'Comes with demur, and is made for the model that runs it';
  return `${size} ${size === 1 ? 'pair' : 'pairs'}`;
}
