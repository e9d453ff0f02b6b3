/** A figure as the server draws it, with its words, and its numbers for those who read rather than look. */
import layout from '../../components/study.module.css';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { StudyFigureFragmentDoc } from '../../graphql/graphql.ts';
import { ReportTable } from './report-table.tsx';
import styles from './study-report.module.css';

export function ReportFigure({ figure }: { figure: FragmentType<typeof StudyFigureFragmentDoc> }) {
  const { title, caption, svg, numbers } = readFragment(StudyFigureFragmentDoc, figure);
  return (
    <figure className={`${layout.card} ${styles.figure}`}>
      <figcaption>
        <strong>{title}</strong> {caption}
      </figcaption>
      {/* Drawn by the server, which escapes every text in it. */}
      <div
        className={styles.drawing}
        role="region"
        aria-label={title}
        tabIndex={0}
        dangerouslySetInnerHTML={{ __html: svg }}
      />
      <details>
        <summary>Numbers</summary>
        <ReportTable table={numbers} />
      </details>
    </figure>
  );
}
