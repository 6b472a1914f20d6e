/** Where nodes and curves stand. */

import type { Graph, Layout } from "./scene";
import { BOX, FOOT, NODE, SHOWN } from "./scene";

const WIRE = 70;
const WIRE_PER_LANE = 14;
const LETTER = 7;
const DRAWN_WHEN_MANY = 32;

/**
 * The strongest edges, and for every node the others that lead into it.
 * @param opened nodes whose bundles were opened
 */
function grouped(graph: Graph, opened: Set<string>) {
  const numbers = graph.edges.map((_, i) => i);
  if (graph.edges.length <= SHOWN) return numbers.map((i) => ({ key: `e${i}`, edge: i, members: [i] }));
  const order = [...numbers].sort((a, b) => graph.edges[b].score - graph.edges[a].score);
  const alone = new Set(order.slice(0, DRAWN_WHEN_MANY));
  const bundles: Map<string, number[]> = new Map();
  for (const i of numbers) {
    const into = graph.edges[i].to;
    if (opened.has(into)) alone.add(i);
    if (!alone.has(i)) bundles.set(into, [...(bundles.get(into) ?? []), i]);
  }
  for (const [into, members] of bundles) {
    if (members.length === 1) {
      alone.add(members[0]);
      bundles.delete(into);
    }
  }
  return [
    ...[...alone].map((i) => ({ key: `e${i}`, edge: i, members: [i] })),
    ...[...bundles].map(([into, members]) => ({ key: `b${into}`, edge: -1, members })),
  ];
}

/**
 * Nodes in columns, and between two columns the boxes of their edges.
 * @param room pixels across: wires are shortened, down to a third, to fit into it
 * @param widthOf a name, in pixels
 */
export function laidOut(
  graph: Graph,
  opened: Set<string>,
  room: number,
  widthOf = (name: string) => LETTER * name.length,
): Layout {
  const loose = placed(graph, opened, 1, widthOf);
  if (loose.width <= room) return loose;
  const tight = placed(graph, opened, 0, widthOf);
  const length = (room - tight.width) / (loose.width - tight.width);
  return placed(graph, opened, Math.max(length, 0.33), widthOf);
}

/** @param length of the wires, 1 = as long as they like to be */
function placed(
  graph: Graph,
  opened: Set<string>,
  length: number,
  widthOf: (name: string) => number,
): Layout {
  const columns = [...new Set(graph.nodes.map((n) => n.column))].sort((a, b) => a - b);
  const inColumn = new Map(columns.map((c) => [c, graph.nodes.filter((n) => n.column === c)]));
  const column = new Map(graph.nodes.map((n) => [n.id, n.column]));
  const byColumn = new Map(columns.map((c) => [c, [] as ReturnType<typeof grouped>]));
  for (const group of grouped(graph, opened))
    byColumn.get(column.get(graph.edges[group.members[0]].from) ?? 0)?.push(group);
  const lanes = new Map(
    [...byColumn].map(([c, boxes]) => [
      c,
      boxes.length <= 8 ? 1 : boxes.length <= 18 ? 2 : boxes.length <= 36 ? 3 : 4,
    ]),
  );
  const tallest = Math.max(
    ...[...byColumn].map(([c, boxes]) => (boxes.length / (lanes.get(c) ?? 1)) * BOX.row),
    ...[...inColumn.values()].map((nodes) => nodes.length * NODE.row),
    100,
  );
  const height = tallest + 16 + FOOT;
  const wide = (kind: string) =>
    Math.max(...graph.nodes.filter((n) => n.kind === kind).map((n) => widthOf(n.short)), 20);
  const layout: Layout = { width: 0, height, nodes: new Map(), boxes: [] };
  let x = wide("input") + 26;
  columns.forEach((c, place) => {
    const nodes = inColumn.get(c) ?? [];
    for (const node of nodes)
      layout.nodes.set(node.id, { x, y: 8 + (tallest * (node.place + 0.5)) / nodes.length, node });
    if (place === columns.length - 1) return;
    const count = lanes.get(c) ?? 1;
    const boxes = byColumn.get(c) ?? [];
    // Wires of a column without boxes only join factors to their product.
    x += boxes.length
      ? 2 * length * (WIRE + WIRE_PER_LANE * count) + count * BOX.width + (count - 1) * BOX.gap
      : 56;
  });
  layout.width = x + wide("output") + 26;
  for (const [c, boxes] of byColumn) placeBoxes(layout, graph, boxes, lanes.get(c) ?? 1, tallest);
  return layout;
}

/** @param lanes boxes side by side */
function placeBoxes(
  layout: Layout,
  graph: Graph,
  groups: ReturnType<typeof grouped>,
  lanes: number,
  tallest: number,
) {
  const y = (id: string) => layout.nodes.get(id)?.y ?? 0;
  const middle = (group: { members: number[] }) =>
    group.members.reduce((sum, i) => sum + y(graph.edges[i].from) + y(graph.edges[i].to), 0) /
    group.members.length;
  const ordered = [...groups].sort((a, b) => middle(a) - middle(b) || a.edge - b.edge);
  // The labels of the lowest boxes need room too.
  const first = Math.max(BOX.height / 2, (0.5 * tallest) / ordered.length);
  const last = tallest - Math.max(BOX.height / 2 + 8, (0.5 * tallest) / ordered.length);
  ordered.forEach((group, place) => {
    const edge = graph.edges[group.members[0]];
    const [start, end] = [layout.nodes.get(edge.from)?.x ?? 0, layout.nodes.get(edge.to)?.x ?? 0];
    const width = lanes * BOX.width + (lanes - 1) * BOX.gap;
    layout.boxes.push({
      ...group,
      x: (start + end) / 2 - width / 2 + BOX.width / 2 + (place % lanes) * (BOX.width + BOX.gap),
      y: 8 + (ordered.length > 1 ? first + ((last - first) * place) / (ordered.length - 1) : tallest / 2),
    });
  });
}
