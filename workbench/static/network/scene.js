// @ts-check
/** What the parts of the network view share: what is on the screen, and words for it. */

/** @typedef {{ id: string, kind: string, column: number, place: number, label: string, short: string, importance: number | null, address?: [number, number] }} Node */
/** @typedef {{ from: string, to: string, address: number[], state: string, score: number, function: string | null, r2: number | null, domain: [number, number] }} Edge */
/** @typedef {{ depth: number, nodes: Node[], edges: Edge[], missing: { from: string, to: string, address: number[] }[], factors: [string, string][], target: string, rows: number }} Graph */
/** @typedef {{ row: number, nodes: Record<string, number>, edges: [number, number][], true: number[] | string }} Flow the activations of one row */
/** @typedef {{ x: number, y: number, key: string, edge: number, members: number[] }} Box a curve, or a bundle of several edges */
/** @typedef {{ width: number, height: number, nodes: Map<string, { x: number, y: number, node: Node }>, boxes: Box[] }} Layout */

/**
 * What is shown, and what parts ask of each other.
 * @typedef {{
 *   model: any, root: HTMLElement, drafts: import("../shared.js").Frame["drafts"], stage: HTMLElement, canvas: SVGElement,
 *   graph: Graph, layout: Layout, curves: Float32Array, room: number, opened: Set<string>,
 *   stops: Map<string, SVGElement>, focused: string, fitted: boolean, moved: boolean,
 *   tell: (text: string, error?: boolean) => void, drawGraph: () => void, fitView: () => void,
 *   select: (edge: number) => void, showTip: (box: Box) => void, hideTip: () => void, highlight: (node: string) => void,
 *   edit: (key: string) => void, close: () => void, anchor: () => void,
 * }} Scene
 *   room: pixels across. opened: nodes whose bundles were opened. stops: what the keyboard stops at, by key.
 *   focused: key of one. fitted: whether it fills the stage. moved: whether the pointer drags the picture.
 *   edit: open a node, or a layer by its key. close: whatever is open. anchor: let Tab lead into the picture.
 */

export const BOX = { width: 74, height: 46, gap: 24, row: 68 };
export const NODE = { radius: 8, row: 44 };
export const SHOWN = 60;
export const MAP = 30;
export const FOOT = 30;

/**
 * Values of a small curve.
 * @param {Scene} scene
 * @param {number} i
 */
export function curve({ curves, graph }, i) {
  const count = curves.length / Math.max(graph.edges.length, 1);
  return curves.subarray(i * count, (i + 1) * count);
}

/**
 * Where a value stands in the box of a curve.
 * @param {Box} box
 * @param {[number, number]} range of the curve
 * @param {number} share of the way across
 * @param {number} value
 */
export function inBox(box, [low, high], share, value) {
  return {
    x: box.x - BOX.width / 2 + 6 + (BOX.width - 12) * share,
    y: box.y + BOX.height / 2 - 6 - ((BOX.height - 12) * (value - low)) / (high - low),
  };
}

/** @param {Node} node */
export function nameOf(node) {
  if (node.kind === "input" || node.kind === "output") return node.label;
  return `${node.kind} ${node.id}`;
}

/** @type {Record<string, string>} */
const SHORT = { square: "x²", cube: "x³", reciprocal: "1/x", reciprocal_square: "1/x²", sqrt: "√x", inverse_sqrt: "1/√x", power_3_2: "x^(3/2)", abs: "|x|" };

/** @param {string | null} name */
export const plain = (name) => SHORT[name ?? ""] ?? (name ?? "").replaceAll("_", " ");

/** @param {number | null} r2 */
export function quality(r2) {
  if (r2 === null) return "";
  return r2 >= 0.99995 ? "r² 1.000" : `r² ${r2.toFixed(r2 > 0.999 ? 4 : 3)}`;
}

/**
 * @param {Scene} scene
 * @param {Edge} edge
 */
export function titleOf({ layout }, edge) {
  const [a, b] = [layout.nodes.get(edge.from), layout.nodes.get(edge.to)];
  return a && b ? `${nameOf(a.node)} → ${nameOf(b.node)}` : "";
}

/** @param {Edge} edge */
export function sayKind(edge) {
  if (edge.state === "fixed") return `locked to ${plain(edge.function)}`;
  return edge.function ? `spline, close to ${plain(edge.function)} ${quality(edge.r2)}` : "spline";
}
