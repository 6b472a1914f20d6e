import { describe, expect, it } from "vitest";
import { chart } from "../src/common/chart";
import { curveIn, curveThrough, extent, logExtent, type Range, scaleOf, ticksOf } from "../src/common/scales";

const ROOM = 300;
const MARK = 40;
const LINEAR: Range[] = [
  [0, 1],
  [-3, 7],
  [0.2, 0.21],
  [-1e-6, 3e-6],
  [1e5, 9e8],
  [-0.9, 0.4],
  [-8, 2],
  [0.1, 0.15],
  [-1.3, -0.05],
  [1e6, 1e6 + 1e-3],
  [-273.15, -273.149],
  [0.999999, 1.000001],
  [6.02e23, 6.03e23],
];
const LOGARITHMIC: Range[] = [
  [1, 10],
  [3, 4],
  [0.30001, 0.30002],
  [0.95, 1.15],
  [6, 9],
  [2, 30],
  [0.5, 20],
  [1e-9, 1e5],
  [1e-16, 1e-15],
  [1.1e-6, 9.7e-6],
  [7e-300, 2e300],
];

/** Digits between the first and the last that is not 0. */
const digitsOf = (value: number) => value.toExponential(12).replace(/\.?0*e.*|[-.]/g, "").length;

describe.each([
  ...LINEAR.map((range) => [...range, false] as const),
  ...LOGARITHMIC.map((range) => [...range, true] as const),
])("an axis from %d to %d, logarithmic: %s", (low, high, log) => {
  const found = ticksOf(scaleOf([low, high], [0, ROOM], log), log, () => MARK);
  const size = high - low;

  it("has two to six ticks within", () => {
    expect(found.length).toBeGreaterThanOrEqual(2);
    expect(found.length).toBeLessThanOrEqual(6);
    for (const { value } of found) {
      expect(value).toBeGreaterThanOrEqual(low - 1e-9 * size);
      expect(value).toBeLessThanOrEqual(high + 1e-9 * size);
    }
  });

  it("has labels that differ and say where they stand", () => {
    expect(new Set(found.map(({ label }) => label)).size).toBe(found.length);
    for (const { value, label } of found) {
      const said = Number(label.replaceAll("−", "-"));
      expect(Math.abs(said - value)).toBeLessThanOrEqual(1e-6 * (log ? value : size));
    }
  });

  it("has round ticks", () => {
    const steps = found.slice(1).map(({ value }, i) => value - found[i].value);
    if (log && found.every(({ value }) => digitsOf(value) === 1)) return;
    for (const step of steps) expect(step / steps[0]).toBeCloseTo(1, 5);
    expect(["1", "2", "5"]).toContain(steps[0].toExponential(4).replace(/\.?0*e.*/, ""));
  });

  it("has fewer ticks where there is less room", () => {
    const narrow = ticksOf(scaleOf([low, high], [0, 2.5 * MARK], log), log, () => MARK);
    expect([2, 3]).toContain(narrow.length);
  });
});

it("writes numbers as short as they can be told apart", () => {
  const labels = (range: Range) =>
    ticksOf(scaleOf(range, [0, ROOM]), false, () => MARK).map(({ label }) => label);
  expect(labels([1e6, 1e6 + 8])).toEqual(["1000000", "1000002", "1000004", "1000006", "1000008"]);
  expect(labels([0, 2e6])).toEqual(["0", "5e5", "1e6", "1.5e6", "2e6"]);
  expect(labels([0.2, 0.21])).toEqual(["0.2", "0.202", "0.204", "0.206", "0.208", "0.21"]);
});

it("labels powers of ten on long logarithmic axes alone", () => {
  const labels = (range: Range) =>
    ticksOf(scaleOf(range, [0, ROOM], true), true, () => MARK).map(({ label }) => label);
  expect(labels([0.03, 300])).toEqual(["0.1", "1", "10", "100"]);
  expect(labels([0.2, 3])).toEqual(["0.2", "0.5", "1", "2"]);
  expect(labels([3, 4])).toEqual(["3", "3.2", "3.4", "3.6", "3.8", "4"]);
});

describe("extent", () => {
  it("leaves out what is no number", () => expect(extent([Number.NaN, 2, -1])).toEqual([-1, 2]));
  it("is never empty", () => {
    expect(extent([])).toEqual([0, 1]);
    expect(extent([3, 3])).toEqual([2.5, 3.5]);
  });
});

describe("logExtent", () => {
  it("leaves out what has no logarithm", () =>
    expect(logExtent([Number.NaN, 0, -1, 100, 1])).toEqual([1, 100]));
  it("is never empty", () => expect(logExtent([])).toEqual([0.1, 1]));
  it("adds room", () => {
    const [low, high] = logExtent([1, 100], 1);
    expect([low, high]).toEqual([0.1, 1000]);
  });
  it("is at least as long as it is asked to be", () => {
    const [low, high] = logExtent([5], 0, 0.2);
    expect(Math.log10(high / low)).toBeCloseTo(0.2);
    expect(Math.sqrt(low * high)).toBeCloseTo(5);
  });
});

describe("a curve", () => {
  const same = scaleOf([0, 1], [0, 1]);
  it("is broken where it has no value", () =>
    expect(curveThrough([0, 1, 2, 3, 4], [5, 6, Number.NaN, 7, 8], same, same)).toBe("M0,5L1,6M3,7L4,8"));
  it("is broken where its value has no logarithm", () =>
    expect(curveThrough([0, 1, 2, 3], [1, 0, 10, 1], same, scaleOf([1, 10], [0, 9], true))).toBe(
      "M0,0ZM2,9L3,0",
    ));
  it("fills its box", () => expect(curveIn([1, 3, 2], [10, 20], [40, 30])).toBe("M10,40L15,30L20,35"));
  it("is level where nothing changes", () =>
    expect(curveIn([1, 1], [10, 20], [40, 30])).toBe("M10,35L20,35"));
});

describe("chart", () => {
  const made = chart({
    width: 300,
    height: 200,
    x: [0, 10],
    y: [0.01, 100],
    logY: true,
    xLabel: "t",
    yLabel: "loss",
    label: "loss by time",
  });

  it("puts the ends of the ranges on the frame", () => {
    expect([made.across(0), made.across(10)]).toEqual([made.left, made.right]);
    expect([made.down(0.01), made.down(100)]).toEqual([made.bottom, made.top]);
  });
  it("labels logarithms by what they are of", () => {
    const words = [...made.node.querySelectorAll(".kw-tick")].map((tick) => tick.textContent);
    expect(words).toContain("0.01");
    expect(words).toContain("100");
  });
  it("has a name for those who do not see it", () =>
    expect(made.node.getAttribute("aria-label")).toBe("loss by time"));
  it("makes room for long labels", () => {
    const range: Range = [1e6, 1e6 + 1e-3];
    const far = chart({ width: 300, height: 200, x: range, y: range, label: "" });
    const [longest] = [...far.node.querySelectorAll(".kw-tick")].map((tick) => tick.textContent?.length ?? 0);
    expect(far.left).toBeGreaterThan(6 * longest);
  });
  it("cuts no label at its end", () => {
    const far = chart({ width: 230, height: 140, x: [1e6 - 0.1, 1e6], y: [0, 1], label: "" });
    const across = [...far.node.querySelectorAll('.kw-tick[text-anchor="middle"]')];
    expect(across.length).toBeGreaterThan(1);
    for (const tick of across)
      expect(Number(tick.getAttribute("x")) + 3 * (tick.textContent?.length ?? 0)).toBeLessThan(230);
  });
});
