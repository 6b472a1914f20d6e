/** Charts. */
import { svg } from "./dom";
import { readable } from "./numbers";
import { decades, ticks } from "./scales";

export type Chart = ReturnType<typeof chart>;

interface ChartOptions {
  width: number;
  height: number;
  /** Ranges of the axes; logarithms to base ten where they are logarithmic. */
  x: [number, number];
  y: [number, number];
  xLabel?: string;
  yLabel?: string;
  label: string;
  logX?: boolean;
  logY?: boolean;
  /** Room above the plot, for a legend that no curve can run into. */
  head?: number;
}

/** A chart with axes, ticks and labels, and where values stand on it. */
export function chart(options: ChartOptions) {
  const {
    width,
    height,
    x,
    y,
    xLabel = "",
    yLabel = "",
    label,
    logX = false,
    logY = false,
    head = 0,
  } = options;
  const node = svg("svg", {
    viewBox: `0 0 ${width} ${height}`,
    class: "kw-chart",
    role: "img",
    "aria-label": label,
  });
  const [left, right, top, bottom] = [yLabel ? 58 : 44, width - 10, 8 + head, height - (xLabel ? 34 : 20)];
  const across = (value: number) => left + ((right - left) * (value - x[0])) / (x[1] - x[0] || 1);
  const down = (value: number) => bottom - ((bottom - top) * (value - y[0])) / (y[1] - y[0] || 1);
  for (const value of logX ? decades(x) : ticks(...x)) {
    node.append(
      svg(
        "text",
        { class: "kw-tick", x: across(value), y: bottom + 14, "text-anchor": "middle" },
        readable(logX ? 10 ** value : value, 2),
      ),
    );
  }
  for (const value of logY ? decades(y) : ticks(...y)) {
    node.append(svg("path", { class: "kw-grid", d: `M${left} ${down(value)}H${right}` }));
    node.append(
      svg(
        "text",
        { class: "kw-tick", x: left - 5, y: down(value) + 4, "text-anchor": "end" },
        readable(logY ? 10 ** value : value, 2),
      ),
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
