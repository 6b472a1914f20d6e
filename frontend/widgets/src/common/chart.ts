/** Charts. */
import { svg } from "./dom";
import { type Range, scaleOf, ticksOf } from "./scales";

export type Chart = ReturnType<typeof chart>;

interface ChartOptions {
  width: number;
  height: number;
  /** Ranges of the axes. */
  x: Range;
  y: Range;
  xLabel?: string;
  yLabel?: string;
  label: string;
  logY?: boolean;
  /** Room above the plot, for a legend that no curve can run into. */
  head?: number;
}

/** Widths and heights of labels, in pixels. */
const DIGIT = 6.2;
const LINE = 18;

/** A chart with axes, ticks and labels, and where values stand on it. */
export function chart(options: ChartOptions) {
  const { width, height, x, y, xLabel = "", yLabel = "", label, logY = false, head = 0 } = options;
  const node = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    class: "kw-chart",
    role: "img",
    "aria-label": label,
  });
  const [right, top, bottom] = [width - 10, 8 + head, height - (xLabel ? 34 : 20)];
  const down = scaleOf(y, [bottom, top], logY);
  const levels = ticksOf(down, logY, () => LINE);
  const longest = Math.max(...levels.map((level) => level.label.length));
  const left = Math.max(yLabel ? 58 : 44, longest * DIGIT + (yLabel ? 26 : 8));
  const across = scaleOf(x, [left, right]);
  const inside = (middle: number, label: string) => Math.min(middle, width - (label.length * DIGIT) / 2);
  for (const { value, label } of ticksOf(across, false, (longest) => longest * DIGIT + 10))
    node.append(
      svg(
        "text",
        { class: "kw-tick", x: inside(across(value), label), y: bottom + 14, "text-anchor": "middle" },
        label,
      ),
    );
  for (const { value, label } of levels) {
    node.append(svg("path", { class: "kw-grid", d: `M${left} ${down(value)}H${right}` }));
    node.append(
      svg("text", { class: "kw-tick", x: left - 5, y: down(value) + 4, "text-anchor": "end" }, label),
    );
  }
  node.append(svg("path", { class: "kw-axis", d: `M${left} ${top}V${bottom}H${right}` }));
  if (xLabel)
    node.append(
      svg(
        "text",
        { class: "kw-label", x: (left + right) / 2, y: height - 4, "text-anchor": "middle" },
        xLabel,
      ),
    );
  if (yLabel)
    node.append(
      svg(
        "text",
        {
          class: "kw-label",
          transform: `translate(12 ${(top + bottom) / 2}) rotate(-90)`,
          "text-anchor": "middle",
        },
        yLabel,
      ),
    );

  /** A mark where a pair of values stands. */
  function dot(x: number, y: number, r: number, kind = "kw-dot") {
    node.append(svg("circle", { class: kind, cx: across(x).toFixed(1), cy: down(y).toFixed(1), r }));
  }
  return { node, across, down, dot, left, right, top, bottom };
}
