/** The nodes of a graph. One of them takes the focus; those that touch no edge of the active node fade. */
import type { GraphEdgeFragment } from '../../graphql/graphql.ts';
import styles from './circuit-graph.module.css';
import { nodeHalf } from './edge-path.ts';
import type { PlacedNode } from './graph-layout.ts';

interface GraphNodesProps {
  nodes: readonly PlacedNode[];
  edges: readonly GraphEdgeFragment[];
  active: string | undefined;
  selected: string | null;
  focusable: string | undefined;
  onActive: (node: string | undefined) => void;
  onFocus: (node: string) => void;
  onSelect: (node: string | null) => void;
}

export function GraphNodes({
  nodes,
  edges,
  active,
  selected,
  focusable,
  onActive,
  onFocus,
  onSelect,
}: GraphNodesProps) {
  const near = new Set(
    edges.flatMap(({ sender, receiver }) =>
      sender.name === active || receiver.name === active ? [sender.name, receiver.name] : [],
    ),
  );
  return nodes.map(({ name, kind, x, y, text }) => {
    const half = text.length > 3 ? nodeHalf.width + text.length * 1.6 : nodeHalf.width;
    return (
      <g
        key={name}
        className={styles.node}
        data-node={name}
        data-kind={kind}
        data-faded={active !== undefined && near.size > 0 && !near.has(name)}
        transform={`translate(${x} ${y})`}
        role="button"
        tabIndex={name === focusable ? 0 : -1}
        aria-label={name}
        aria-pressed={name === selected}
        onPointerEnter={() => onActive(name)}
        onPointerLeave={() => onActive(undefined)}
        onFocus={() => {
          onFocus(name);
          onActive(name);
        }}
        onBlur={() => onActive(undefined)}
        onClick={() => onSelect(name === selected ? null : name)}
      >
        <rect
          x={-half}
          y={-nodeHalf.height}
          width={half * 2}
          height={nodeHalf.height * 2}
          rx={kind === 'MLP' ? 2 : 7}
        />
        <text dy="0.34em">{text}</text>
      </g>
    );
  });
}
