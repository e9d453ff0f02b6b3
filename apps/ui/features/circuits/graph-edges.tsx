/** The edges of a graph; while a node is active, its edges stand out and the others fade. */
import { memo, useMemo } from 'react';
import type { GraphEdgeFragment } from '../../graphql/graphql.ts';
import styles from './circuit-graph.module.css';
import { edgeOpacity, edgePath, edgeWidth } from './edge-path.ts';
import type { PlacedNode } from './graph-layout.ts';

interface GraphEdgesProps {
  edges: readonly GraphEdgeFragment[];
  nodes: readonly PlacedNode[];
  active: string | undefined;
}

export function GraphEdges({ edges, nodes, active }: GraphEdgesProps) {
  const places = useMemo(() => new Map(nodes.map((node) => [node.name, node])), [nodes]);
  const touching = edges.filter(({ sender, receiver }) => sender.name === active || receiver.name === active);
  const strongest = Math.max(...edges.map(({ score }) => Math.abs(score)));
  return (
    <>
      <g className={active === undefined ? styles.edges : styles.faded}>
        <EdgeCurves edges={edges} places={places} strongest={strongest} />
      </g>
      <g className={styles.edges}>
        <EdgeCurves edges={touching} places={places} strongest={strongest} />
      </g>
    </>
  );
}

interface EdgeCurvesProps {
  edges: readonly GraphEdgeFragment[];
  places: ReadonlyMap<string, PlacedNode>;
  strongest: number;
}

/** Strong edges are drawn last, on top. */
const EdgeCurves = memo(function EdgeCurves({ edges, places, strongest }: EdgeCurvesProps) {
  return [...edges].reverse().map(({ name, sender, receiver, port, score }) => {
    const [from, to] = [places.get(sender.name), places.get(receiver.name)];
    if (!from || !to) return null;
    return (
      <path
        key={name}
        d={edgePath(from, to, port)}
        data-sign={score < 0 ? 'negative' : 'positive'}
        strokeWidth={edgeWidth(score, strongest)}
        opacity={edgeOpacity(score, strongest)}
      />
    );
  });
});
