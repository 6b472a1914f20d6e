/**
 * An SVG on the page as a PDF: the same shapes in the colours that they have there.
 *
 * Shapes and Latin and Greek text stay vectors; heat maps, and words in other scripts, are pictures.
 */

import type { Raster } from "./file";
import { pdfFile } from "./file";
import { runsOf } from "./text";

const POINT = 0.75;
/** A quarter of a circle by a cubic: the length of its handles. */
const ROUND = 0.5523;
const FINE = 6;

/** @param box what is kept: left, top, width, height in its coordinates */
export async function toPdf(
  drawing: SVGElement,
  [left, top, width, height]: [number, number, number, number],
  title: string,
): Promise<Blob> {
  const paper = getComputedStyle(drawing.closest(".kw") as Element).backgroundColor;
  const pen = penOf();
  pen.put(`${POINT} 0 0 -${POINT} ${short(-POINT * left)} ${short(POINT * (top + height))} cm`);
  pen.paint(
    { fill: paper, "fill-opacity": "1", stroke: "none" },
    1,
    `${[left, top, width, height].map(short).join(" ")} re`,
  );
  for (const child of drawing.children) drawNode_(pen, child, 1);
  const rasters = await Promise.all(pen.pictures);
  return pdfFile({
    width: Number(short(POINT * width)),
    height: Number(short(POINT * height)),
    content: pen.lines.join("\n"),
    opacities: pen.opacities,
    rasters,
    title,
  });
}

/** Operators as they are written, and what they refer to. */
function penOf() {
  const lines: string[] = [];
  const opacities: string[] = [];
  const pictures: Promise<Raster>[] = [];
  const put = (line: string) => lines.push(line);

  function opacity(fill: number, stroke: number) {
    const entry = `/ca ${short(fill)} /CA ${short(stroke)}`;
    if (!opacities.includes(entry)) opacities.push(entry);
    put(`/G${opacities.indexOf(entry)} gs`);
  }

  /**
   * A path in the style of its element.
   * @param share opacity of what it is in
   */
  function paint(style: Record<string, string>, share: number, path: string) {
    const [fill, stroke] = [colourOf(style.fill), colourOf(style.stroke)];
    if (!fill && !stroke) return;
    opacity(
      share * Number(style["fill-opacity"]) * (fill?.[3] ?? 1),
      share * Number(style["stroke-opacity"] ?? 1) * (stroke?.[3] ?? 1),
    );
    if (fill) put(`${fill.slice(0, 3).map(short).join(" ")} rg`);
    if (stroke) {
      const dashes =
        style["stroke-dasharray"] === "none" ? "" : style["stroke-dasharray"].replace(/px|,/g, "");
      put(
        `${stroke.slice(0, 3).map(short).join(" ")} RG ${parseFloat(style["stroke-width"])} w ${style["stroke-linejoin"] === "round" ? 1 : 0} j [${dashes}] 0 d`,
      );
    }
    put(`${path} ${fill && stroke ? "B" : fill ? "f" : "S"}`);
  }

  /** @param place x, y, width, height */
  function picture(raster: Promise<Raster>, [x, y, width, height]: number[], share: number) {
    opacity(share, share);
    put(`q ${width} 0 0 ${-height} ${x} ${y + height} cm /I${pictures.push(raster) - 1} Do Q`);
  }

  return { lines, opacities, pictures, put, opacity, paint, picture };
}

export type Pen = ReturnType<typeof penOf>;

/** @param share opacity of what it is in */
function drawNode_(pen: Pen, node: Element, share: number) {
  const found = getComputedStyle(node);
  if (!(node instanceof SVGGraphicsElement) || found.display === "none" || found.visibility === "hidden")
    return;
  const style = Object.fromEntries(
    [
      "fill",
      "fill-opacity",
      "stroke",
      "stroke-opacity",
      "stroke-width",
      "stroke-dasharray",
      "stroke-linejoin",
    ].map((name) => [name, found.getPropertyValue(name)]),
  );
  const own = share * Number(found.opacity);
  const move = node.transform.baseVal.consolidate()?.matrix;
  if (move) pen.put(`q ${[move.a, move.b, move.c, move.d, move.e, move.f].map(short).join(" ")} cm`);
  if (node instanceof SVGTextElement) drawText(pen, node, style, own);
  else if (node instanceof SVGImageElement) pen.picture(rasterOf(node.href.baseVal), sizes(node), own);
  else if (node instanceof SVGGElement) for (const child of node.children) drawNode_(pen, child, own);
  else pen.paint(style, own, pathOf(node));
  if (move) pen.put("Q");
}

const numbers = (node: Element, ...names: string[]) =>
  names.map((name) => Number(node.getAttribute(name) ?? 0));

const sizes = (node: Element) => numbers(node, "x", "y", "width", "height");

function pathOf(node: SVGElement) {
  if (node instanceof SVGRectElement) return roundedRectangle(sizes(node), node.rx.baseVal.value);
  if (node instanceof SVGCircleElement) {
    const [x, y, r] = numbers(node, "cx", "cy", "r");
    return roundedRectangle([x - r, y - r, 2 * r, 2 * r], r);
  }
  if (node instanceof SVGPolylineElement) {
    return Array.from(node.points, ({ x, y }, i) => `${short(x)} ${short(y)} ${i ? "l" : "m"}`).join(" ");
  }
  return operators(node.getAttribute("d") ?? "");
}

/** @param place x, y, width, height */
function roundedRectangle([x, y, width, height]: number[], radius: number) {
  const r = Math.min(radius, width / 2, height / 2);
  if (!r) return `${x} ${y} ${width} ${height} re`;
  const [right, bottom, k] = [x + width, y + height, r * (1 - ROUND)];
  const steps = [
    [x + r, y, "m"],
    [right - r, y, "l"],
    [right - k, y, right, y + k, right, y + r, "c"],
    [right, bottom - r, "l"],
    [right, bottom - k, right - k, bottom, right - r, bottom, "c"],
    [x + r, bottom, "l"],
    [x + k, bottom, x, bottom - k, x, bottom - r, "c"],
    [x, y + r, "l"],
    [x, y + k, x + k, y, x + r, y, "c"],
    ["h"],
  ];
  return steps
    .flat()
    .map((part) => (typeof part === "number" ? short(part) : part))
    .join(" ");
}

/** Path data with M, L, H, V, C and, as in a padlock, a half circle; other commands are not drawn here. */
function operators(data: string) {
  const found = [];
  let [x, y] = [0, 0];
  for (const [, command, rest] of data.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
    const values = (rest.match(/-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?/g) ?? []).map(Number);
    const lower = command === command.toLowerCase();
    const [fromX, fromY] = lower ? [x, y] : [0, 0];
    if (/[hv]/i.test(command)) {
      if (/h/i.test(command)) x = fromX + values[0];
      else y = fromY + values[0];
      found.push(`${short(x)} ${short(y)} l`);
    } else if (/[mlsc]/i.test(command)) {
      const size = { m: 2, l: 2, s: 4, c: 6 }[command.toLowerCase()] ?? 2;
      for (let i = 0; i + size <= values.length; i += size) {
        const own = values.slice(i, i + size).map((value, place) => value + (place % 2 ? fromY : fromX));
        [x, y] = own.slice(-2);
        found.push(
          `${own.map(short).join(" ")} ${{ m: "m", l: "l", s: "v", c: "c" }[command.toLowerCase()]}`,
        );
      }
    } else if (command === "a") {
      const [radius, dx] = [values[0], values[5]];
      const top = y - radius;
      found.push(
        `${[x, y - radius * ROUND, x + radius * (1 - ROUND), top, x + radius, top].map(short).join(" ")} c`,
      );
      found.push(
        `${[x + radius * (1 + ROUND), top, x + dx, y - radius * ROUND, x + dx, y].map(short).join(" ")} c`,
      );
      x += dx;
    }
  }
  return found.join(" ");
}

function drawText(pen: Pen, node: SVGTextElement, style: Record<string, string>, share: number) {
  const found = getComputedStyle(node);
  const text = [...node.childNodes]
    .filter((child) => child.nodeType === Node.TEXT_NODE)
    .map((child) => child.textContent)
    .join("");
  if (!text) return;
  const runs = runsOf(text, Number(found.fontWeight) >= 600);
  if (!runs) return pen.picture(textRaster(text, found), boxAround(node), share);
  const size = parseFloat(found.fontSize);
  const width = (size * runs.reduce((sum, run) => sum + run.width, 0)) / 1000;
  const [x, y] = numbers(node, "x", "y");
  const start =
    x - { start: 0, middle: width / 2, end: width }[found.textAnchor as "start" | "middle" | "end"];
  // First the halo that keeps a word readable on wires, then the word.
  for (const [mode, shown] of [
    [1, { ...style, fill: "none" }],
    [0, { ...style, stroke: "none" }],
  ] as [number, Record<string, string>][]) {
    let at = start;
    const shows = runs.map((run) => {
      const line = `/${run.font} ${size} Tf ${mode} Tr 1 0 0 -1 ${short(at)} ${y} Tm <${run.codes.map((code) => code.toString(16).padStart(2, "0")).join("")}> Tj`;
      at += (size * run.width) / 1000;
      return line;
    });
    const colour = colourOf(mode ? shown.stroke : shown.fill);
    if (!colour) continue;
    const alpha = share * colour[3] * Number(style[mode ? "stroke-opacity" : "fill-opacity"]);
    pen.opacity(alpha, alpha);
    const set = mode ? `RG ${parseFloat(style["stroke-width"])} w 1 j [] 0 d` : "rg";
    pen.put(`${colour.slice(0, 3).map(short).join(" ")} ${set} BT ${shows.join(" ")} ET`);
  }
}

function boxAround(node: SVGTextElement) {
  const { x, y, width, height } = node.getBBox();
  return [x, y, width, height];
}

/** A word in a script that the fonts of a PDF reader do not have. */
async function textRaster(text: string, style: CSSStyleDeclaration) {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  const font = `${style.fontWeight} ${FINE * parseFloat(style.fontSize)}px ${style.fontFamily}`;
  context.font = font;
  const { width, fontBoundingBoxAscent: above, fontBoundingBoxDescent: below } = context.measureText(text);
  [canvas.width, canvas.height] = [Math.ceil(width), Math.ceil(above + below)];
  context.font = font;
  context.fillStyle = style.fill;
  context.fillText(text, 0, above);
  return pixelsOf(canvas);
}

/** @param address of a picture */
async function rasterOf(address: string) {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.naturalWidth, picture.naturalHeight];
  canvas.getContext("2d")?.drawImage(picture, 0, 0);
  return pixelsOf(canvas);
}

function pixelsOf(canvas: HTMLCanvasElement) {
  const { width, height } = canvas;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  return { width, height, pixels: context.getImageData(0, 0, width, height).data };
}

/**
 * Shares of red, green, blue and opacity; null for no paint.
 * @param text as styles are computed
 */
function colourOf(text: string) {
  if (!text || text === "none") return null;
  const values = (text.replace(/^color\(srgb/, "").match(/[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
  const scale = text.startsWith("rgb") ? 255 : 1;
  return [...values.slice(0, 3).map((value) => value / scale), values[3] ?? 1];
}

const short = (value: number) => String(+value.toFixed(3));
