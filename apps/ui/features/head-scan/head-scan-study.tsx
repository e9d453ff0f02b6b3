'use client';
/** A head scan: the score of every head as a map, the chosen heads, and what these do together. */
import { numberText } from '@demur/charts';
import { useGraphqlQuery } from '../../client/use-graphql-query.ts';
import { ErrorNotice, Loading } from '../../components/notice.tsx';
import study from '../../components/study.module.css';
import { HeadScanStudyDocument, type HeadScanStudyQuery } from '../../graphql/graphql.ts';
import { ChosenHeads } from './chosen-heads.tsx';
import { HeadMap } from './head-map.tsx';
import { HeadValidation } from './head-validation.tsx';

export type Scan = NonNullable<NonNullable<HeadScanStudyQuery['experiment']>['headScan']>;

export function HeadScanStudy({ experimentId }: { experimentId: string }) {
  const answer = useGraphqlQuery(HeadScanStudyDocument, { id: experimentId });
  if (answer.error) return <ErrorNotice error={answer.error} retry={() => void answer.refetch()} />;
  if (!answer.data?.experiment?.headScan) return <Loading what="the heads" lines={10} />;
  const { metric, headScan: scan } = answer.data.experiment;
  const [from, into] = scan.direction === 'noising' ? ['corrupted', 'clean'] : ['clean', 'corrupted'];
  return (
    <div className={study.study}>
      <p>
        Every head of the {from} run was patched alone into the {into} run,{' '}
        {scan.position === 'last' ? 'at the last position' : 'at all positions'}. Its score is the part of the way that
        the {metric} goes from {numberText(scan.direction === 'noising' ? scan.baselineClean : scan.baselineCorrupted)}{' '}
        towards {numberText(scan.direction === 'noising' ? scan.baselineCorrupted : scan.baselineClean)}, the mean over{' '}
        {scan.pairCount} {scan.pairCount === 1 ? 'pair' : 'pairs'}.
      </p>
      <HeadMap scan={scan} />
      <ChosenHeads heads={scan.heads} />
      {scan.validation && <HeadValidation validation={scan.validation} metric={metric} />}
    </div>
  );
}
