import { describe, expect, it } from "vitest";
import { chart } from "../src/common/chart";
import { decades, extent, points, ticks } from "../src/common/scales";

const RANGES: [number, number][] = [
  [0, 1],
  [-3, 7],
  [0.2, 0.21],
  [-1e-6, 3e-6],
  [1e5, 9e8],
  [-0.9, 0.4],
  [-8, 2],
  [0.1, 0.15],
  [-1.3, -0.05],
];

describe.each(RANGES)("an axis from %d to %d", (low, high) => {
  it("has round ticks at equal distances within", () => {
    const found = ticks(low, high);
    const step = found[1] - found[0];
    expect(found.length).toBeGreaterThanOrEqual(2);
    expect(found.length).toBeLessThanOrEqual(6);
    for (const [i, value] of found.entries()) {
      expect(value).toBeGreaterThanOrEqual(low - 1e-6 * step);
      expect(value).toBeLessThanOrEqual(high + 1e-6 * step);
      if (i) expect(value - found[i - 1]).toBeCloseTo(step, 6);
    }
  });

  it("has at least two labels when it is logarithmic, and no more than six", () => {
    if (high - low > 100) return;
    const found = decades([low, high]);
    expect(found.length).toBeGreaterThanOrEqual(2);
    expect(found.length).toBeLessThanOrEqual(6);
    for (const value of found) expect(value >= low && value <= high).toBe(true);
  });
});

describe("extent", () => {
  it("leaves out what is no number", () => expect(extent([Number.NaN, 2, -1])).toEqual([-1, 2]));
  it("is never empty", () => {
    expect(extent([])).toEqual([0, 1]);
    expect(extent([3, 3])).toEqual([2.5, 3.5]);
  });
});

it("leaves gaps where a curve has no value", () => {
  const same = (value: number) => value;
  expect(points([0, 1, 2], [5, Number.NaN, 7], same, same)).toBe("0.0,5.0 2.0,7.0");
});

describe("chart", () => {
  const made = chart({
    width: 300,
    height: 200,
    x: [0, 10],
    y: [-2, 2],
    logY: true,
    xLabel: "t",
    yLabel: "loss",
    label: "loss by time",
  });

  it("puts the ends of the ranges on the frame", () => {
    expect([made.across(0), made.across(10)]).toEqual([made.left, made.right]);
    expect([made.down(-2), made.down(2)]).toEqual([made.bottom, made.top]);
  });
  it("labels logarithms by what they are of", () => {
    const words = [...made.node.querySelectorAll(".kw-tick")].map((tick) => tick.textContent);
    expect(words).toContain("0.01");
    expect(words).toContain("100");
  });
  it("has a name for those who do not see it", () =>
    expect(made.node.getAttribute("aria-label")).toBe("loss by time"));
});
