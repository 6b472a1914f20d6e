// @ts-check
/** Weak edges: which would go, and what it costs. */
import { button, element, isBusy, readable } from "../shared.js";

/** @typedef {import("./scene.js").Scene} Scene */

const WAIT = 60;

/** @param {Scene} scene */
export function pruningOf(scene) {
  const pruning = element("div", "kw-bar kw-pruning");
  const slider = /** @type {HTMLInputElement} */ (element("input"));
  Object.assign(slider, { type: "range", min: "0", max: "100", step: "0.5", value: "0" });
  slider.setAttribute("aria-label", "Prune edges weaker than this share of the strongest");
  const caption = element("label", "kw-title", "Prune weak edges");
  const forecast = element("span", "kw-quiet kw-numbers kw-forecast");
  forecast.setAttribute("role", "status");
  const prune = button("Prune", () => scene.model.send({ type: "prune", threshold: threshold() }));
  pruning.append(caption, slider, forecast, prune);
  const simplify = button("Simplify by itself", () => scene.model.send({ type: simplify.dataset.command ?? "simplify" }), { kind: "kw-first" });
  pruning.append(simplify);

  // In the workbench the page that looks does not prune.
  pruning.hidden = scene.model.get("tools") === "look";

  function threshold() {
    return (Number(slider.value) / 100) ** 2;
  }

  let asked = 0;
  function ask() {
    clearTimeout(asked);
    asked = setTimeout(() => scene.model.send({ type: "preview", threshold: threshold() }), WAIT);
    const strongest = Math.max(...scene.graph.edges.map((e) => e.score), 0);
    mark(scene.graph.edges.flatMap((e, i) => (e.score < threshold() * strongest ? [i] : [])));
    prune.disabled = true;
  }
  slider.addEventListener("input", ask);

  /** @param {number[]} gone */
  function mark(gone) {
    const going = new Set(gone);
    for (const path of scene.canvas.querySelectorAll("[data-edge]")) path.classList.toggle("kw-gone", going.has(Number(/** @type {SVGElement} */ (path).dataset.edge)));
  }

  function drawPreview() {
    const preview = scene.model.get("preview");
    // While it is dragged, the slider is ahead of the kernel.
    if (document.activeElement !== slider || preview.threshold === undefined) slider.value = String(100 * Math.sqrt(preview.threshold ?? 0));
    const gone = preview.edges ?? [];
    mark(gone);
    prune.disabled = !gone.length || slider.disabled;
    prune.textContent = gone.length ? `Prune ${gone.length} ${gone.length === 1 ? "edge" : "edges"}` : "Prune";
    scene.root.dataset.preview = String(gone.length);
    if (preview.error) forecast.textContent = preview.error;
    else if (gone.length) {
      const change = preview.before > 0 ? (100 * (preview.after - preview.before)) / preview.before : 0;
      forecast.textContent = `${scene.model.get("state").unit} ${readable(preview.before)} → ${readable(preview.after)} (${change < 0 ? "−" : "+"}${readable(Math.abs(change), 2)} %)`;
    } else if (preview.threshold > 0) forecast.textContent = "No edge is that weak";
    else forecast.textContent = "Drag to see what would go, and what it costs";
  }

  function drawState() {
    const state = scene.model.get("state");
    const busy = isBusy(state.status);
    const simplifying = busy && state.job === "prune";
    simplify.textContent = simplifying ? "Stop" : "Simplify by itself";
    simplify.dataset.command = simplifying ? "stop" : "simplify";
    simplify.title = simplifying ? "End it; nothing has changed then" : "Remove the edges that the data does not need: each one is tested by a refit";
    simplify.disabled = (busy && !simplifying) || !state.trained;
    slider.disabled = busy;
    if (busy) prune.disabled = true;
  }

  return { bar: pruning, drawPreview, drawState, end: () => clearTimeout(asked) };
}
