/** What the parts of the network view share: what is on the screen, and words for it. */
import type { Drafts } from "../common/drafts";
import type { Range } from "../common/scales";
import type { Maybe, Model, PanelTraits } from "../model";

export interface Node {
  id: string;
  kind: string;
  column: number;
  place: number;
  label: string;
  short: string;
  importance: number | null;
  address?: [number, number];
}

export interface Edge {
  from: string;
  to: string;
  address: number[];
  state: string;
  score: number;
  function: string | null;
  r2: number | null;
  domain: Range;
}

export interface Graph {
  depth: number;
  nodes: Node[];
  edges: Edge[];
  missing: { from: string; to: string; address: number[] }[];
  factors: [string, string][];
  target: string;
  rows: number;
}

/** The activations of one row. */
export interface Flow {
  row: number;
  nodes: Record<string, number>;
  edges: [number, number][];
  true: number[] | string;
}

/** A curve, or a bundle of several edges, whose ``edge`` is −1. */
export interface Box {
  x: number;
  y: number;
  key: string;
  edge: number;
  members: number[];
}

/** A function that an edge may be. */
export interface Candidate {
  name: string;
  formula: string;
  r2: number;
}

/** Abscissae of the coefficients that can be dragged, and all coefficients. */
export interface Bend {
  at: number[];
  values: number[];
}

/** The edge that is selected. */
export interface Selected {
  address: number[];
  points: number;
  function: string | null;
  formula?: string;
  held: boolean;
  /** Null where there is nothing to drag. */
  bend: Bend | null;
  /** Null while they are looked for. */
  candidates: Candidate[] | null;
}

/** Edges that a threshold would take away, and the loss before and after. */
export interface Preview {
  threshold: number;
  edges: number[];
  error: string;
  /** Known where edges would go. */
  before: number;
  after: number;
}

export interface NetworkTraits extends PanelTraits {
  graph: Graph;
  curves: DataView;
  state: {
    status: string;
    doing: string;
    job: string;
    trained: boolean;
    /** Null while a job runs. */
    loss: number | null;
    unit: string;
    undo: string;
    redo: string;
    message: string;
    error: boolean;
  };
  preview: Maybe<Preview>;
  flow: Maybe<Flow>;
  maps: DataView;
  detail: Maybe<Selected>;
  detail_values: DataView;
  detail_basis: DataView;
  tools: "all" | "look" | "simplify";
}

/** Where everything stands, in pixels. */
export interface Layout {
  width: number;
  height: number;
  nodes: Map<string, { x: number; y: number; node: Node }>;
  boxes: Box[];
}

/** What is shown, and what parts ask of each other. */
export interface Scene {
  model: Model<NetworkTraits>;
  root: HTMLElement;
  drafts: Drafts;
  stage: HTMLElement;
  canvas: SVGSVGElement;
  graph: Graph;
  layout: Layout;
  curves: Float32Array;
  /** Pixels across. */
  room: number;
  /** Nodes whose bundles were opened. */
  opened: Set<string>;
  /** What the keyboard stops at, by key. */
  stops: Map<string, SVGElement>;
  /** Key of one of them. */
  focused: string;
  /** Whether the picture fills the stage. */
  fitted: boolean;
  /** Whether the pointer drags the picture. */
  moved: boolean;
  tell: (text: string, error?: boolean) => void;
  drawGraph: () => void;
  fitView: () => void;
  select: (edge: number) => void;
  showTip: (box: Box) => void;
  hideTip: () => void;
  highlight: (node: string) => void;
  /** Open a node, or a layer by its key. */
  edit: (key: string) => void;
  /** Close whatever is open. */
  close: () => void;
  /** Let Tab lead into the picture. */
  anchor: () => void;
}

export const BOX = { width: 74, height: 46, gap: 24, row: 68 };
export const NODE = { radius: 8, row: 44 };
export const SHOWN = 60;
export const MAP = 30;
export const FOOT = 30;

/** Values of a small curve. */
export function curve({ curves, graph }: Scene, i: number) {
  const count = curves.length / Math.max(graph.edges.length, 1);
  return curves.subarray(i * count, (i + 1) * count);
}

/** Where a curve stands in its box: from left to right, from below to above. */
export function sidesOf(box: Box): [Range, Range] {
  const [across, down] = [BOX.width / 2 - 6, BOX.height / 2 - 6];
  return [
    [box.x - across, box.x + across],
    [box.y + down, box.y - down],
  ];
}

export function nameOf(node: Node) {
  if (node.kind === "input" || node.kind === "output") return node.label;
  return `${node.kind} ${node.id}`;
}

const SHORT: Record<string, string> = {
  square: "x²",
  cube: "x³",
  reciprocal: "1/x",
  reciprocal_square: "1/x²",
  sqrt: "√x",
  inverse_sqrt: "1/√x",
  power_3_2: "x^(3/2)",
  abs: "|x|",
};

export const plain = (name: string | null) => SHORT[name ?? ""] ?? (name ?? "").replaceAll("_", " ");

export function quality(r2: number | null) {
  if (r2 === null) return "";
  return r2 >= 0.99995 ? "r² 1.000" : `r² ${r2.toFixed(r2 > 0.999 ? 4 : 3)}`;
}

export function titleOf({ layout }: Scene, edge: Edge) {
  const [a, b] = [layout.nodes.get(edge.from), layout.nodes.get(edge.to)];
  return a && b ? `${nameOf(a.node)} → ${nameOf(b.node)}` : "";
}

export function sayKind(edge: Edge) {
  if (edge.state === "fixed") return `locked to ${plain(edge.function)}`;
  return edge.function ? `spline, close to ${plain(edge.function)} ${quality(edge.r2)}` : "spline";
}
