/** What a study found: its sections, earlier findings beside them, and what was left out of the data. */
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { StudyReportFragmentDoc, StudyReportSectionFragmentDoc } from '../../graphql/graphql.ts';
import { ClaimList } from './claim-list.tsx';
import { LinterWarnings } from './linter-warnings.tsx';
import { ReportSection } from './report-section.tsx';
import styles from './study-report.module.css';

export function StudyReport({ report }: { report: FragmentType<typeof StudyReportFragmentDoc> }) {
  const { sections, claims, dataSet } = readFragment(StudyReportFragmentDoc, report);
  const titles = readFragment(StudyReportSectionFragmentDoc, sections).map(({ title }) => title);
  return (
    <>
      <nav aria-label="Contents" className={styles.contents}>
        <ol>
          {titles.map((title, i) => (
            <li key={i}>
              <a href={`#part-${i + 1}`}>{title}</a>
            </li>
          ))}
          {claims.length > 0 && (
            <li>
              <a href="#claims">Beside earlier findings</a>
            </li>
          )}
          {dataSet.warnings.length > 0 && (
            <li>
              <a href="#warnings">Pairs that deserve a look</a>
            </li>
          )}
          <li>
            <a href="#experiments">Experiments</a>
          </li>
        </ol>
      </nav>
      {sections.map((section, i) => (
        <ReportSection key={i} id={`part-${i + 1}`} section={section} />
      ))}
      <ClaimList claims={claims} />
      <LinterWarnings warnings={dataSet.warnings} />
    </>
  );
}
