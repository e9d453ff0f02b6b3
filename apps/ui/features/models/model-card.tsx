/** One model: its shape at a glance, where it lies, and the hashes that its results are tied to. */
import { countText } from '@demur/charts';
import Link from 'next/link';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { ModelCardFragmentDoc } from '../../graphql/graphql.ts';
import { ModelChecks } from './model-checks.tsx';
import styles from './model-list.module.css';

export function ModelCard({ model }: { model: FragmentType<typeof ModelCardFragmentDoc> }) {
  const card = readFragment(ModelCardFragmentDoc, model);
  const { name, slug, path, format, family, dtype, shape, ...hashes } = card;
  const sizes: [string, string][] = [
    ['layers', countText(shape.nLayers)],
    [
      'heads',
      shape.nKvHeads === shape.nHeads ? `${shape.nHeads}` : `${shape.nHeads}, ${shape.nKvHeads} for keys and values`,
    ],
    ['width', countText(shape.dModel)],
    ['head width', countText(shape.dHead)],
    ['MLP width', countText(shape.dMlp)],
    ['vocabulary', countText(shape.dVocab)],
    ['context', countText(shape.nCtx)],
  ];
  return (
    <li className={styles.card}>
      <header>
        <h2>{name}</h2>
        <Link href={`/?model=${encodeURIComponent(slug)}`}>Its experiments</Link>
      </header>
      <p className={styles.facts}>
        {family}, {dtype}, {format === 'gguf' ? 'GGUF file' : 'Hugging Face directory'}, named <code>{slug}</code> in a
        specification
      </p>
      <dl className={styles.sizes}>
        {sizes.map(([label, size]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{size}</dd>
          </div>
        ))}
      </dl>
      <ModelChecks model={card} />
      <details>
        <summary>Where it lies, and its hashes</summary>
        <dl className={styles.hashes}>
          <dt>path</dt>
          <dd>{path}</dd>
          <dt>weights</dt>
          <dd>{hashes.weightsSha256}</dd>
          <dt>tokenizer</dt>
          <dd>{hashes.tokenizerSha256 ?? 'none'}</dd>
          <dt>chat template</dt>
          <dd>{hashes.chatTemplateSha256 ?? 'none'}</dd>
        </dl>
      </details>
    </li>
  );
}
