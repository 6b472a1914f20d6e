/** Where values stand on an axis. */
import { extent as rangeOf, ticks } from "d3-array";
import { format, precisionRound } from "d3-format";
import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from "d3-scale";
import { line } from "d3-shape";
import { readable } from "./numbers";

export type Range = [number, number];
export type Scale = ScaleContinuousNumeric<number, number>;

/** Lowest and highest finite value; never an empty range. */
export function extent(values: Iterable<number>): Range {
  const [low, high] = rangeOf(values, (value) => (Number.isFinite(value) ? value : undefined));
  if (low === undefined || high === undefined) return [0, 1];
  const size = Math.abs(low);
  if (high - low >= 1e-12 * Math.max(1, size)) return [low, high];
  // Far from zero, half a unit more is the same number.
  const half = Math.max(0.5, 1e-9 * size);
  return [low - half, high + half];
}

/**
 * Lowest and highest positive value with some room, for an axis of logarithms.
 * @param room added at both ends, in decades
 * @param least decades that the range has at least
 */
export function logExtent(values: Iterable<number>, room = 0, least = 0): Range {
  const [low = 0.1, high = 1] = rangeOf(values, (value) =>
    value > 0 && Number.isFinite(value) ? value : undefined,
  );
  const missing = Math.max(least - Math.log10(high / low), 0) / 2;
  const factor = 10 ** Math.max(room, missing);
  return [low / factor, high * factor];
}

/** @param range in pixels */
export function scaleOf(domain: Range, range: Range, log = false): Scale {
  return (log ? scaleLog() : scaleLinear()).domain(domain).range(range);
}

/** What stands beside an axis. */
export interface Tick {
  value: number;
  label: string;
}

/**
 * Round numbers with labels that differ; at least two, and no more than there is room for.
 * @param room of one label in pixels, along the axis
 */
export function ticksOf(scale: Scale, log: boolean, room: (longest: number) => number): Tick[] {
  const [from, to] = scale.range();
  let found: Tick[] = [];
  let crowd = 0;
  for (const count of [4, 3, 2]) {
    found = labelled(log ? logTicks(scale, count) : linearTicks(scale, count));
    const longest = Math.max(...found.map(({ label }) => label.length));
    crowd = (found.length * room(longest)) / Math.abs(to - from);
    if (crowd <= 1) return found;
  }
  const every = Math.min(Math.ceil(crowd), found.length - 1);
  return found.filter((_, i) => i % every === 0);
}

/** Two at least: a step that is too wide for that is halved. */
function linearTicks(scale: Scale, count: number) {
  const [low, high] = scale.domain();
  for (let more = count; more < 10; more++) {
    const found = ticks(low, high, more);
    if (found.length > 1) return found;
  }
  return [low];
}

/** Powers of ten; where they are too few, their twofolds and fivefolds too; on shorter axes as without logarithms. */
function logTicks(scale: Scale, count: number) {
  const [low, high] = scale.domain().map(Math.log10);
  const multiples = scale.ticks(Math.floor(high - low) + 1);
  for (const leading of ["1", "125"]) {
    const found = multiples.filter((value) => leading.includes(mantissa(value)));
    const every = Math.ceil(found.length / (count + 1));
    const few = found.filter((_, i) => i % every === 0);
    if (few.length > 1) return few;
  }
  return linearTicks(scale, count);
}

const mantissa = (value: number) => value.toExponential(9).replace(/\.?0*e.*/, "");

/** Labels with as many digits as it takes to tell neighbours apart. */
function labelled(values: number[]): Tick[] {
  const most = Math.max(...values.map(Math.abs));
  const step = Math.min(...values.slice(1).map((value, i) => value - values[i]));
  // A number has no more digits than that which are its own.
  const digits = Number.isFinite(step) ? Math.min(precisionRound(step, most), 13) : 2;
  // 1000002 is shorter than 1.000002e6, and 2e6 than 2000000.
  const plain = values.map(format(`.${digits}~r`));
  const short = values.map((value) => readable(value, digits));
  const longest = (labels: string[]) => Math.max(...labels.map((label) => label.length));
  const labels = longest(plain) < longest(short) ? plain : short;
  return values.map((value, i) => ({ value, label: labels[i] }));
}

/** Path data of a curve; broken where it has no place. */
export function curveThrough(x: ArrayLike<number>, y: ArrayLike<number>, across: Scale, down: Scale): string {
  const found = line<number>()
    .digits(1)
    .defined((i) => Number.isFinite(down(y[i])))
    .x((i) => across(x[i]))
    .y((i) => down(y[i]));
  return found(Array.from(y, (_, i) => i)) ?? "";
}

/** Path data of a curve at equal distances that fills its box. */
export function curveIn(
  y: ArrayLike<number>,
  across: Range,
  down: Range,
  range = extent(Array.from(y)),
): string {
  const x = Array.from(y, (_, i) => i);
  return curveThrough(x, y, scaleOf([0, Math.max(x.length - 1, 1)], across), scaleOf(range, down));
}
