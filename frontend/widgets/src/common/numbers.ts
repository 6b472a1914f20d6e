/** Numbers and names for people. */
import { format } from "d3-format";

/** Floats of a binary trait; a copy, because the view may not be aligned. */
export function floats(view: DataView | undefined) {
  if (!view?.byteLength) return new Float32Array();
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

/** A number for people; a dash where there is none. */
export function readable(value: number | null, digits = 3) {
  if (value === null || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = format(size >= 1e5 || size < 1e-3 ? `.${digits - 1}~e` : `.${digits}~r`)(value);
  return text.replace("e+", "e").replaceAll("-", "−");
}

/** Numbers side by side; where they would read the same, with one digit more than it takes to tell them apart. */
export function apart(values: number[], digits = 3): string[] {
  const different = new Set(values).size;
  let enough = digits;
  while (enough < 15 && new Set(values.map((value) => readable(value, enough))).size < different) enough++;
  return values.map((value) => readable(value, enough > digits ? enough + 1 : digits));
}

/** A long text with its middle left out. */
export function shortened(text: string, longest: number) {
  if (text.length <= longest) return text;
  const half = Math.floor((longest - 1) / 2);
  return `${text.slice(0, half)}…${text.slice(-half)}`;
}

/** Whether a job is under way. */
export const isBusy = (status: string) => ["running", "paused", "stopping"].includes(status);
