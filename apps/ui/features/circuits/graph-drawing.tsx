'use client';
/** The drawing of a graph: it can be pointed at and walked by arrow keys; a node under either shows its edges alone. */
import { useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { GraphEdgeFragment } from '../../graphql/graphql.ts';
import styles from './circuit-graph.module.css';
import { GraphEdges } from './graph-edges.tsx';
import { graphLayout } from './graph-layout.ts';
import { GraphLegend } from './graph-legend.tsx';
import { GraphNodes } from './graph-nodes.tsx';
import { GraphReadout } from './graph-readout.tsx';
import { firstNode, nodeTowards } from './node-walk.ts';

interface GraphDrawingProps {
  edges: readonly GraphEdgeFragment[];
  shape: { nHeads: number; nKvHeads: number } | null | undefined;
  selected: string | null;
  onSelect: (node: string | null) => void;
}

export function GraphDrawing({ edges, shape, selected, onSelect }: GraphDrawingProps) {
  const drawing = useRef<SVGSVGElement>(null);
  const [active, setActive] = useState<string>();
  const [focus, setFocus] = useState<string>();
  const layout = useMemo(() => graphLayout(edges, headCounts(edges, shape)), [edges, shape]);
  const focusable = layout.nodes.find(({ name }) => name === (focus ?? selected)) ?? firstNode(layout.nodes);
  const shown = active ?? selected ?? undefined;

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') onSelect(null);
    if ((event.key === 'Enter' || event.key === ' ') && focusable) onSelect(focusable.name);
    const to = focusable && nodeTowards(layout.nodes, focusable, event.key);
    if (to) drawing.current?.querySelector<SVGGElement>(`[data-node="${to.name}"]`)?.focus();
    if (to ?? [' ', 'Enter'].includes(event.key)) event.preventDefault();
  };
  return (
    <>
      <GraphReadout edges={edges} node={shown} />
      <div className={styles.scroll}>
        <svg
          ref={drawing}
          className={styles.drawing}
          viewBox={`0 0 ${layout.width} ${layout.height}`}
          style={{ maxWidth: layout.width * 1.1, minWidth: layout.width * 0.62 }}
          role="group"
          aria-label={`Graph of ${edges.length} edges; arrow keys walk its nodes`}
          onKeyDown={onKeyDown}
        >
          {layout.rows.map(({ layer, y }) => (
            <g key={layer} className={styles.row} transform={`translate(0 ${y})`}>
              <text x={8} dy="0.32em">
                L{layer}
              </text>
              <line x1={36} x2={layout.width} />
            </g>
          ))}
          <GraphEdges edges={edges} nodes={layout.nodes} active={shown} />
          <GraphNodes
            nodes={layout.nodes}
            edges={edges}
            active={shown}
            selected={selected}
            focusable={focusable?.name}
            onActive={setActive}
            onFocus={setFocus}
            onSelect={onSelect}
          />
        </svg>
      </div>
      <GraphLegend />
    </>
  );
}

/** Heads a layer: the model's, and for an imported circuit what its edges name. */
function headCounts(edges: readonly GraphEdgeFragment[], shape: GraphDrawingProps['shape']) {
  const nodes = edges.flatMap(({ sender, receiver }) => [sender, receiver]);
  const most = (kind: string): number =>
    Math.max(1, ...nodes.filter((n) => n.kind === kind).map((n) => (n.head ?? 0) + 1));
  return {
    nHeads: Math.max(shape?.nHeads ?? 1, most('HEAD')),
    nKvHeads: Math.max(shape?.nKvHeads ?? 1, most('KV_HEAD')),
  };
}
