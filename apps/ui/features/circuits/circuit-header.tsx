/** What a circuit is of, and its downloads. */
import { countText, numberText } from '@demur/charts';
import Link from 'next/link';
import { DownloadLink } from '../../components/download-link.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import type { CircuitPageQuery } from '../../graphql/graphql.ts';
import { modelTitle } from '../models/model-title.ts';

const formats = ['json', 'csv', 'ndjson', 'arrow', 'safetensors', 'attribution-graph.json'];

export function CircuitHeader({ circuit }: { circuit: NonNullable<CircuitPageQuery['circuit']> }) {
  const { id, name, edgeCount, inCircuitCount, experiment } = circuit;
  const faithfulness = experiment?.discoveredCircuit?.faithfulness;
  const downloads = formats.map((format) => (
    <DownloadLink key={format} href={`/export/circuits/${id}.${format}`}>
      .{format}
    </DownloadLink>
  ));
  return (
    <PageHeader
      title={name}
      actions={
        <>
          <Link href={`/circuits/compare?a=${id}`} className="button">
            Compare
          </Link>
          {downloads}
        </>
      }
    >
      <p>
        {countText(edgeCount)} scored edges
        {experiment && (
          <>
            {' '}
            of {modelTitle(experiment)}, from <Link href={`/experiments/${experiment.id}`}>its experiment</Link>
            {experiment.dataSet && <> on {experiment.dataSet.name}</>}
          </>
        )}
        {typeof inCircuitCount === 'number' && (
          <>
            ; {countText(inCircuitCount)} of them are the circuit
            {typeof faithfulness === 'number' && <>, of faithfulness {numberText(faithfulness)}</>}
          </>
        )}
        . A score estimates how the metric changes when the edge goes from clean to corrupted.
      </p>
    </PageHeader>
  );
}
