import { describe, expect, it } from "vitest";
import { startsIn, summary } from "../src/training/starts";
import { lines, type Version } from "../src/versions";

function version(number: number, parent: number | null, past: boolean): Version {
  return { number, parent, name: "prune", label: "", edges: 3, loss: 0.1, formula: "", present: false, past };
}

describe("versions", () => {
  it("draws a branch that was left a step to the right", () => {
    const tree = [version(0, null, true), version(1, 0, false), version(2, 0, true), version(3, 1, false)];
    expect(lines(tree).map(({ version, depth }) => [version.number, depth])).toEqual([
      [0, 0],
      [1, 1],
      [3, 1],
      [2, 0],
    ]);
  });
});

describe("random starts", () => {
  const rows = new Float32Array([3, 0.5, 0.4, 0.3, 1, 0.9, Number.NaN, Number.NaN]);
  const starts = startsIn(["best", "eliminated"], rows);

  it("reads iterations and losses, without what is behind the last", () => {
    expect(starts.map((start) => start.losses.length)).toEqual([3, 1]);
    expect(starts[0].last).toBeCloseTo(0.3);
  });
  it("tells what became of them", () =>
    expect(summary(starts)).toBe("2 random starts: 1 eliminated; number 1 is the best"));
  it("has none to read", () => expect(startsIn([], new Float32Array())).toEqual([]));
});
