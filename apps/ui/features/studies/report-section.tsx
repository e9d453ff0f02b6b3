/** A section of a report: sentences, figures, tables. */
import layout from '../../components/study.module.css';
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { StudyReportSectionFragmentDoc } from '../../graphql/graphql.ts';
import { ReportFigure } from './report-figure.tsx';
import { ReportTable } from './report-table.tsx';
import styles from './study-report.module.css';

interface ReportSectionProps {
  id: string;
  section: FragmentType<typeof StudyReportSectionFragmentDoc>;
}

export function ReportSection({ id, section }: ReportSectionProps) {
  const { title, paragraphs, figures, tables } = readFragment(StudyReportSectionFragmentDoc, section);
  return (
    <section id={id} className={`${layout.section} ${styles.section}`}>
      <h2>{title}</h2>
      {paragraphs.map((sentences, i) => (
        <p key={i}>{sentences}</p>
      ))}
      {figures.map((figure, i) => (
        <ReportFigure key={i} figure={figure} />
      ))}
      {tables.map((table, i) => (
        <ReportTable key={i} table={table} hasTitle />
      ))}
    </section>
  );
}
