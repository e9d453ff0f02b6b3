/** The circuit page without a browser: filter in the address, places of nodes, curves, walking. */
import { describe, expect, it } from 'vitest';
import { edgeCount } from '../../apps/ui/features/circuits/edge-count.ts';
import { edgeFilter, layerRange } from '../../apps/ui/features/circuits/edge-filter.ts';
import { edgeOpacity, edgePath, edgeWidth } from '../../apps/ui/features/circuits/edge-path.ts';
import { graphLayout, type GraphNode } from '../../apps/ui/features/circuits/graph-layout.ts';
import { firstNode, nodeTowards } from '../../apps/ui/features/circuits/node-walk.ts';

const input: GraphNode = { name: 'input', kind: 'INPUT' };
const logits: GraphNode = { name: 'logits', kind: 'LOGITS' };
const head = (layer: number, index: number): GraphNode => ({
  name: `a${layer}.h${index}`,
  kind: 'HEAD',
  layer,
  head: index,
});
const kvHead = (layer: number, index: number): GraphNode => ({
  name: `a${layer}.kv${index}`,
  kind: 'KV_HEAD',
  layer,
  head: index,
});
const mlp = (layer: number): GraphNode => ({ name: `m${layer}`, kind: 'MLP', layer });

const links = [
  { sender: input, receiver: head(0, 1) },
  { sender: head(0, 1), receiver: mlp(0) },
  { sender: mlp(0), receiver: kvHead(7, 0) },
  { sender: mlp(0), receiver: head(7, 3) },
  { sender: head(7, 3), receiver: logits },
];
const layout = graphLayout(links, { nHeads: 4, nKvHeads: 2 });
const place = (name: string) => layout.nodes.find((node) => node.name === name)!;

describe('the filter in the address', () => {
  it('is empty for an empty address', () => expect(edgeFilter(new URLSearchParams())).toEqual({}));

  it('reads every condition', () => {
    const address = 'from=HEAD.MLP&fromLayers=3-12&to=LOGITS&toLayers=5-&ports=Q.K&sign=NEGATIVE&min=0.01';
    expect(edgeFilter(new URLSearchParams(address))).toEqual({
      sender: { kinds: ['HEAD', 'MLP'], layers: { min: 3, max: 12 } },
      receiver: { kinds: ['LOGITS'], layers: { min: 5 } },
      ports: ['Q', 'K'],
      sign: 'NEGATIVE',
      minAbsoluteScore: 0.01,
    });
  });

  it('leaves out what names nothing', () => {
    const address = 'from=toString.NOBODY&ports=x&sign=up&min=-3&fromLayers=a-b';
    expect(edgeFilter(new URLSearchParams(address))).toEqual({});
  });

  it('takes ranges with an open end', () => {
    expect(['-4', '2-', '2-4', '-', '', null].map(layerRange)).toEqual([
      { max: 4 },
      { min: 2 },
      { min: 2, max: 4 },
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('draws between 10 and 500 edges, as many as usual unless told', () => {
    const counts = [null, '', 'x', '3', '42', '9999'].map((text) => edgeCount(text));
    expect(counts).toEqual([100, 10, 100, 10, 42, 500]);
    expect([null, 'x', '42'].map((text) => edgeCount(text, 37))).toEqual([37, 37, 42]);
    expect(edgeCount(null, 6000)).toBe(500);
  });

  it('reads whether edges belong to the circuit', () => {
    const chosen = ['in=yes', 'in=no', 'in=maybe'].map((text) => edgeFilter(new URLSearchParams(text)));
    expect(chosen).toEqual([{ inCircuit: true }, { inCircuit: false }, {}]);
  });
});

describe('the places of nodes', () => {
  it('rise from the input over the layers to the logits', () => {
    const heights = ['input', 'a0.h1', 'm0', 'a7.kv0', 'a7.h3', 'logits'].map((name) => place(name).y);
    expect(heights).toEqual([...heights].sort((a, b) => b - a));
  });

  it('have every node once, inside the picture', () => {
    expect(layout.nodes.map(({ name }) => name).sort()).toEqual(['a0.h1', 'a7.h3', 'a7.kv0', 'input', 'logits', 'm0']);
    for (const { x, y } of layout.nodes) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(layout.width);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(layout.height);
    }
  });

  it('leave out layers without a node', () => {
    expect(layout.rows.map(({ layer }) => layer)).toEqual([0, 7]);
  });

  it('keep a head in its column whatever else is drawn', () => {
    const alone = graphLayout([{ sender: head(7, 3), receiver: logits }], { nHeads: 4, nKvHeads: 2 });
    expect(alone.nodes.find(({ name }) => name === 'a7.h3')?.x).toBe(place('a7.h3').x);
  });

  it('put a key/value head under the middle of its group, and MLPs beside the heads', () => {
    const row = graphLayout(
      [0, 1, 2, 3].map((index) => ({ sender: head(7, index), receiver: kvHead(9, 1) })),
      { nHeads: 4, nKvHeads: 2 },
    );
    const x = (name: string): number => row.nodes.find((node) => node.name === name)!.x;
    expect(x('a9.kv1')).toBeCloseTo((x('a7.h2') + x('a7.h3')) / 2, 10);
    expect(place('m0').x).toBeGreaterThan(place('a7.h3').x);
  });
});

describe('an edge', () => {
  const from = { x: 100, y: 300 };

  it('leaves at the top of its sender and arrives below its receiver, at the side of its port', () => {
    const ends = (port: 'Q' | 'K' | 'V' | 'IN') => edgePath(from, { x: 200, y: 100 }, port).match(/[\d.]+ [\d.]+/g)!;
    expect(ends('K').at(0)).toBe('100 292');
    expect(ends('K').at(-1)).toBe('200 108');
    const sides = (['Q', 'K', 'V'] as const).map((port) => Number.parseFloat(ends(port).at(-1)!));
    expect(sides).toEqual([...sides].sort((a, b) => a - b));
    expect(new Set(sides).size).toBe(3);
  });

  it('within a column goes around, farther the longer it is, and never out of the picture', () => {
    const reach = (y: number): number => {
      const coordinates = edgePath(from, { x: 100, y }, 'IN').match(/-?[\d.]+/g) ?? [];
      return Math.max(...coordinates.filter((_, i) => i % 2 === 0).map(Number));
    };
    expect(reach(250)).toBeLessThan(reach(100));
    expect(reach(-5000)).toBe(reach(-9000));
  });

  it('is widest and darkest for the strongest score, whatever the sign', () => {
    expect(edgeWidth(-2, 2)).toBe(edgeWidth(2, 2));
    expect(edgeWidth(2, 2)).toBeGreaterThan(edgeWidth(1, 2));
    expect(edgeOpacity(2, 2)).toBeGreaterThan(edgeOpacity(0.1, 2));
    expect(edgeWidth(0, 0)).toBeGreaterThan(0);
  });
});

describe('walking the graph', () => {
  it('begins at the input', () => expect(firstNode(layout.nodes)?.name).toBe('input'));

  it('goes up to the next row and sideways within one', () => {
    expect(nodeTowards(layout.nodes, place('input'), 'ArrowUp')?.name).toBe('a0.h1');
    expect(nodeTowards(layout.nodes, place('a0.h1'), 'ArrowRight')?.name).toBe('m0');
    expect(nodeTowards(layout.nodes, place('m0'), 'ArrowLeft')?.name).toBe('a0.h1');
    expect(nodeTowards(layout.nodes, place('logits'), 'ArrowUp')).toBeUndefined();
    expect(nodeTowards(layout.nodes, place('input'), 'Tab')).toBeUndefined();
  });
});
