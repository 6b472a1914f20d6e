/** Where values stand on an axis. */

/** Three to six round numbers between two others. */
export function ticks(low: number, high: number) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const size = 10 ** Math.floor(Math.log10(span));
  const step = [0.1, 0.2, 0.5, 1, 2, 5].map((f) => f * size).find((s) => span / s <= 5) ?? size;
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i <= high / step + 1e-9; i++) found.push(i * step);
  return found;
}

/** Lowest and highest finite value; never an empty range. */
export function extent(values: Iterable<number>): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(low <= high)) return [0, 1];
  if (high - low < 1e-12 * Math.max(1, Math.abs(low))) return [low - 0.5, high + 0.5];
  return [low, high];
}

export function points(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  across: (value: number) => number,
  down: (value: number) => number,
) {
  const parts = [];
  for (let i = 0; i < x.length; i++) {
    if (Number.isFinite(y[i])) parts.push(`${across(x[i]).toFixed(1)},${down(y[i]).toFixed(1)}`);
  }
  return parts.join(" ");
}

/** Powers of ten on an axis of logarithms; where fewer than two lie on it, its ends and its middle. */
export function decades([low, high]: [number, number]) {
  const every = Math.max(Math.ceil((high - low) / 5), 1);
  const found = [];
  for (let value = Math.ceil(low); value <= high; value += every) found.push(value);
  return high - low < 1.2 || found.length < 2 ? [low, (low + high) / 2, high] : found;
}
