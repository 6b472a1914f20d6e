import { describe, expect, it } from "vitest";
import { bent } from "../src/network/bending";
import { laidOut } from "../src/network/layout";
import { BOX, type Graph, quality, SHOWN } from "../src/network/scene";

/** A fully connected network as the kernel describes it. */
function graph(...width: number[]): Graph {
  const nodes = width.flatMap((count, column) =>
    Array.from({ length: count }, (_, place) => ({
      id: `${column}.${place}`,
      kind: column === 0 ? "input" : column === width.length - 1 ? "output" : "sum",
      column,
      place,
      label: `x${place}`,
      short: `x${place}`,
      importance: null,
    })),
  );
  const edges = width.slice(1).flatMap((count, layer) =>
    Array.from({ length: count * width[layer] }, (_, i) => ({
      from: `${layer}.${i % width[layer]}`,
      to: `${layer + 1}.${Math.floor(i / width[layer])}`,
      address: [layer, i % width[layer], Math.floor(i / width[layer])],
      state: "spline",
      score: 1 + i,
      function: null,
      r2: null,
      domain: [-1, 1] as [number, number],
    })),
  );
  return { depth: width.length - 1, nodes, edges, missing: [], factors: [], target: "y", rows: 10 };
}

describe("laidOut", () => {
  it("draws every edge of a small network, without one box on another", () => {
    const { boxes, width, height, nodes } = laidOut(graph(3, 4, 1), new Set(), Number.POSITIVE_INFINITY);
    expect(boxes.map((box) => box.edge).sort((a, b) => a - b)).toEqual([...Array(16).keys()]);
    for (const [i, a] of boxes.entries())
      for (const b of boxes.slice(i + 1))
        expect(Math.abs(a.x - b.x) >= BOX.width || Math.abs(a.y - b.y) >= BOX.height).toBe(true);
    for (const { x, y } of [...nodes.values(), ...boxes])
      expect(x > 0 && x < width && y > 0 && y < height).toBe(true);
  });

  it("goes from left to right", () => {
    const { nodes } = laidOut(graph(2, 3, 1), new Set(), Number.POSITIVE_INFINITY);
    const x = [0, 1, 2].map((column) => nodes.get(`${column}.0`)?.x ?? 0);
    expect(x[0] < x[1] && x[1] < x[2]).toBe(true);
  });

  it("leaves room for names as wide as they are", () => {
    const wide = (width: number) => laidOut(graph(2, 1), new Set(), Number.POSITIVE_INFINITY, () => width);
    expect(wide(200).width - wide(100).width).toBe(200);
    expect(wide(200).nodes.get("0.0")?.x).toBeGreaterThan(200);
  });

  it("shortens wires where there is little room", () => {
    const loose = laidOut(graph(3, 4, 1), new Set(), Number.POSITIVE_INFINITY);
    expect(laidOut(graph(3, 4, 1), new Set(), loose.width - 100).width).toBeCloseTo(loose.width - 100, 6);
  });

  it("bundles the weaker edges of a large network, and loses none", () => {
    const large = graph(20, 10, 2);
    expect(large.edges.length).toBeGreaterThan(SHOWN);
    const { boxes } = laidOut(large, new Set(), 900);
    expect(boxes.length).toBeLessThanOrEqual(SHOWN);
    expect(boxes.flatMap((box) => box.members).sort((a, b) => a - b)).toEqual(large.edges.map((_, i) => i));
  });

  it("opens the bundles of a node", () => {
    const { boxes } = laidOut(graph(20, 10, 2), new Set(["1.0"]), 900);
    expect(boxes.filter((box) => box.key === "b1.0")).toEqual([]);
  });
});

describe("bent", () => {
  const [y, basis] = [new Float32Array([1, 2, 3]), new Float32Array([1, 0, 0, 0, 1, 1])];
  it("adds what the coefficients have changed", () =>
    expect([...bent(y, basis, [0, 0], [0.5, 2])]).toEqual([1.5, 4, 5]));
  it("leaves the curve as it is where nothing changed", () =>
    expect([...bent(y, basis, [4, 5], [4, 5])]).toEqual([1, 2, 3]));
  it("knows that a base has no row", () =>
    expect([...bent(y, basis, [0, 0, 1], [0, 0, 9])]).toEqual([1, 2, 3]));
});

it("says 1.000 only of what is one to four digits", () => {
  expect([quality(null), quality(0.99999), quality(0.9994), quality(0.5)]).toEqual([
    "",
    "r² 1.000",
    "r² 0.9994",
    "r² 0.500",
  ]);
});
