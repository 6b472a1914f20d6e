/** Weak edges: which would go, and what it costs. */
import { button, element } from "../common/dom";
import { isBusy, readable } from "../common/numbers";
import type { Preview, Scene } from "./scene";

const WAIT = 60;

const NOTHING: Preview = { threshold: 0, edges: [], error: "", before: 0, after: 0 };

export function pruningOf(scene: Scene) {
  const pruning = element("div", "kw-bar kw-pruning");
  const slider = element("input");
  Object.assign(slider, { type: "range", min: "0", max: "100", step: "0.5", value: "0" });
  slider.setAttribute("aria-label", "Edges weaker than this share of the strongest");
  const caption = element("span", "kw-title", "Weak edges");
  const hide = button(
    "Hide",
    () => {
      setHiding(hide.getAttribute("aria-pressed") !== "true");
      scene.drafts.keep("hiding", hide.getAttribute("aria-pressed") === "true");
      drawPreview();
    },
    { local: true, label: "Leave them out of the picture; the network stays as it is" },
  );
  const forecast = element("span", "kw-quiet kw-numbers kw-forecast");
  forecast.setAttribute("role", "status");
  const prune = button("Prune", () => scene.model.send({ type: "prune", threshold: threshold() }));
  pruning.append(caption, slider, hide, forecast, prune);
  const simplify = button(
    "Simplify by itself",
    () => scene.model.send({ type: simplify.dataset.command ?? "simplify" }),
    { kind: "kw-first" },
  );
  pruning.append(simplify);

  // The page that looks hides; where networks are made simpler, what would go is marked.
  simplify.hidden = scene.model.get("tools") === "look";
  setHiding(scene.drafts.get("hiding") ?? simplify.hidden);

  function setHiding(on: boolean) {
    hide.setAttribute("aria-pressed", String(on));
    scene.canvas.classList.toggle("kw-hiding", on);
  }

  function threshold() {
    return (Number(slider.value) / 100) ** 2;
  }

  let asked = 0;
  function ask() {
    clearTimeout(asked);
    asked = setTimeout(() => scene.model.send({ type: "preview", threshold: threshold() }), WAIT);
    mark(faint());
    prune.disabled = true;
  }
  slider.addEventListener("input", ask);

  /** Numbers of the edges below the threshold, before the kernel has answered which may go. */
  function faint() {
    const limit = threshold() * Math.max(...scene.graph.edges.map((e) => e.score), 0);
    return scene.graph.edges.flatMap((e, i) => (e.score < limit ? [i] : []));
  }

  function mark(gone: number[]) {
    const going = new Set(gone);
    for (const path of scene.canvas.querySelectorAll<SVGElement>("[data-edge]"))
      path.classList.toggle("kw-gone", going.has(Number(path.dataset.edge)));
    const hiding = scene.canvas.classList.contains("kw-hiding");
    for (const box of scene.layout.boxes.filter((b) => b.edge < 0)) {
      const left = box.members.filter((i) => !going.has(i)).length;
      const bundle = scene.stops.get(box.key);
      bundle?.classList.toggle("kw-gone", !left);
      const count = bundle?.querySelector(".kw-name");
      if (count) count.textContent = `+${hiding ? left : box.members.length}`;
    }
    scene.anchor();
  }

  function drawPreview() {
    const said = scene.model.get("preview");
    const preview = said.threshold === undefined ? NOTHING : said;
    // While it is dragged, the slider is ahead of the kernel.
    if (document.activeElement !== slider || said.threshold === undefined)
      slider.value = String(100 * Math.sqrt(preview.threshold));
    const gone = preview.edges;
    const hiding = hide.getAttribute("aria-pressed") === "true";
    const shown = hiding && preview.error ? faint() : gone;
    mark(shown);
    prune.disabled = !gone.length || slider.disabled;
    prune.textContent = gone.length
      ? `Prune ${gone.length} ${gone.length === 1 ? "edge" : "edges"}`
      : "Prune";
    scene.root.dataset.preview = String(gone.length);
    scene.root.dataset.hidden = String(hiding ? shown.length : 0);
    const count =
      shown.length && hiding
        ? `${shown.length} of ${scene.graph.edges.length} edges hidden below ${readable(preview.threshold, 2)} of the strongest. `
        : "";
    if (preview.error) forecast.textContent = count + preview.error;
    else if (gone.length)
      forecast.textContent = `${count}${count ? "Pruning them: " : ""}${sayCost(preview)}`;
    else if (preview.threshold > 0) forecast.textContent = "No edge is that weak";
    else
      forecast.textContent = hiding
        ? "Drag to hide the faint ones, and to see what pruning them would cost"
        : "Drag to see what would go, and what it costs";
  }

  function sayCost({ before, after }: Preview) {
    const change = before > 0 ? (100 * (after - before)) / before : 0;
    return `${scene.model.get("state").unit} ${readable(before)} → ${readable(after)} (${change < 0 ? "−" : "+"}${readable(Math.abs(change), 2)} %)`;
  }

  function drawState() {
    const state = scene.model.get("state");
    const busy = isBusy(state.status);
    const simplifying = busy && state.job === "prune";
    simplify.textContent = simplifying ? "Stop" : "Simplify by itself";
    simplify.dataset.command = simplifying ? "stop" : "simplify";
    simplify.title = simplifying
      ? "End it; nothing has changed then"
      : "Remove the edges that the data does not need: each one is tested by a refit. Settings that you changed count, as far as refits have them";
    simplify.disabled = (busy && !simplifying) || !state.trained;
    slider.disabled = busy;
    if (busy) prune.disabled = true;
  }

  return { bar: pruning, drawPreview, drawState, end: () => clearTimeout(asked) };
}
