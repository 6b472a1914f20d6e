/** Handles on the coefficients of a curve: dragged with the mouse, moved with the arrow keys. */

import type { Chart } from "../common/chart";
import { svg } from "../common/dom";
import { readable } from "../common/numbers";
import { curveThrough, type Range } from "../common/scales";

const STEPS = 50;

/**
 * The curve with other coefficients.
 * @param y with the present ones
 * @param basis functions that they weigh, one row for each
 */
export function bent(y: Float32Array, basis: Float32Array, before: number[], after: number[]) {
  const found = Float32Array.from(y);
  after.forEach((value, k) => {
    const change = value - before[k];
    // A base is the last coefficient, and has no row.
    if (change && (k + 1) * y.length <= basis.length)
      for (let i = 0; i < y.length; i++) found[i] += change * basis[k * y.length + i];
  });
  return found;
}

interface Handles {
  /** Where the handles go. */
  picture: Chart;
  /** Of its vertical axis. */
  range: Range;
  /** Abscissae of the coefficients. */
  at: number[];
  /** Coefficients; they are changed in place. */
  values: number[];
  /** Number of the handle that Tab leads to. */
  first: number;
  /** Called after every change, and when a drag ends. */
  moved: (dragging: boolean) => void;
  /** Called when a change is meant. */
  keep: () => void;
  /** Takes changes back; whether there were any. */
  forget: () => boolean;
}

export function handles({ picture, range, at, values, first, moved, keep, forget }: Handles) {
  const group = svg("g", { class: "kw-handles" });
  const polygon = svg("path", { class: "kw-polygon" });
  const step = (range[1] - range[0]) / STEPS;
  group.append(polygon);
  const knobs = at.map((place, k) => {
    const knob = svg("circle", {
      class: "kw-handle",
      r: 6,
      cx: picture.across(place).toFixed(1),
      tabindex: k === first ? 0 : -1,
      role: "slider",
      "aria-label": `Coefficient ${k + 1} of ${at.length}, at ${readable(place)}`,
      "aria-orientation": "vertical",
      "data-keep": `handle${k}`,
    });
    const set = (value: number, dragging = false) => {
      values[k] = value;
      place_(knob, k);
      moved(dragging);
    };
    knob.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      knob.setPointerCapture(event.pointerId);
      knob.focus();
      moved(true);
    });
    knob.addEventListener("pointermove", (event) => {
      if (knob.hasPointerCapture(event.pointerId)) set(heightAt(event.clientY), true);
    });
    // Also where the browser takes the pointer away.
    knob.addEventListener("lostpointercapture", () => {
      moved(false);
      keep();
    });
    knob.addEventListener("keydown", (event) => {
      const size = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      const side = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (size) set(values[k] + size * step * (event.shiftKey ? 0.1 : 1));
      else if (side) knobs[k + side]?.focus();
      else if (event.key === "Enter") keep();
      else if (event.key !== "Escape" || !forget()) return;
      event.preventDefault();
      event.stopPropagation();
    });
    knob.addEventListener("focus", () => {
      for (const other of knobs) other.setAttribute("tabindex", other === knob ? "0" : "-1");
    });
    return knob;
  });
  group.append(...knobs);
  group.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !group.contains(event.relatedTarget as Element)) keep();
  });

  function heightAt(clientY: number) {
    const frame = picture.node.getBoundingClientRect();
    const [, , , tall] = (picture.node.getAttribute("viewBox") ?? "").split(" ").map(Number);
    const y = ((clientY - frame.top) * tall) / frame.height;
    return picture.down.invert(Math.min(Math.max(y, picture.top), picture.bottom));
  }

  function place_(knob: SVGElement, k: number) {
    knob.setAttribute("cy", picture.down(values[k]).toFixed(1));
    knob.setAttribute("aria-valuenow", values[k].toPrecision(4));
    knob.setAttribute("aria-valuemin", range[0].toPrecision(4));
    knob.setAttribute("aria-valuemax", range[1].toPrecision(4));
    polygon.setAttribute("d", curveThrough(at, values.slice(0, at.length), picture.across, picture.down));
  }
  knobs.forEach(place_);
  return group;
}
