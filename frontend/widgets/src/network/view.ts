/**
 * The network: a curve on every edge, and what can be done with it.
 *
 * The graph comes from the kernel; here it gets pixels. Everything that changes the network is a
 * command to the kernel. This file joins the parts; each is a file in ``network/``.
 */
import { button, element, svg } from "../common/dom";
import { frameOf } from "../common/frame";
import { floats, isBusy, readable } from "../common/numbers";
import type { Context } from "../model";
import { detailOf } from "./detail";
import { editingOf } from "./editing";
import { laidOut } from "./layout";
import { drawMaps } from "./maps";
import { pictureOf } from "./picture";
import { pruningOf } from "./pruning";
import { rowOf } from "./row";
import { savingOf } from "./saving";
import type { NetworkTraits, Scene } from "./scene";
import { SHOWN } from "./scene";
import { tipOf } from "./tip";
import { walkIn } from "./walk";
import { zoomOf } from "./zoom";
import "./network.css";

export function networkView({ model, el }: Context<NetworkTraits>) {
  const begun = performance.now();
  const frame = frameOf({ model, el }, "kw-network", "Network");
  const { root, drafts } = frame;
  const stage = element("div", "kw-stage");
  const canvas = svg("svg", {
    class: "kw-canvas",
    role: "group",
    "aria-label": "Network: arrow keys walk along edges and nodes, Enter opens one, Delete removes it",
  });
  stage.append(canvas);
  const message = element("p", "kw-message");
  message.setAttribute("role", "status");
  const graph = model.get("graph");
  const scene: Scene = {
    model,
    root,
    drafts,
    stage,
    canvas,
    graph,
    layout: laidOut(graph, new Set(), Infinity),
    curves: floats(model.get("curves")),
    room: 0,
    opened: new Set(drafts.get("opened")),
    stops: new Map(),
    focused: "",
    fitted: true,
    moved: false,
    tell,
    drawGraph: () => picture.drawGraph(),
    fitView: () => view.fitView(),
    select: (edge) => about.select(edge),
    showTip: (box) => tip.showTip(box),
    hideTip: () => tip.hideTip(),
    highlight: (node) => picture.highlight(node),
    edit: (key) => editing.open(key),
    close,
    anchor: () => picture.anchor(),
  };
  const tip = tipOf(scene);
  const view = zoomOf(scene);
  const following = rowOf(scene);
  const about = detailOf(scene);
  const editing = editingOf(scene);
  const pruning = pruningOf(scene);
  const saving = savingOf(scene);
  const picture = pictureOf(scene, () => {
    drawMaps(scene);
    following.drawFlow();
    drawSummary();
    if (scene.fitted) view.fitView();
    view.restore();
    pruning.drawPreview();
  });
  walkIn(scene, view.zoom);

  const summary = element("span", "kw-title kw-numbers");
  const loss = element("span", "kw-quiet kw-numbers");
  const undo = button("↶ Undo", () => model.send({ type: "undo" }));
  const redo = button("↷ Redo", () => model.send({ type: "redo" }));
  const names = button("Name curves", () => {
    names.setAttribute("aria-pressed", String(names.getAttribute("aria-pressed") !== "true"));
    tell("Looking for the functions of all curves…");
    model.send({ type: "names", on: names.getAttribute("aria-pressed") === "true" });
  });
  names.setAttribute("aria-pressed", "false");
  names.title = "Write the closest function, with its r², under every curve";
  const zoomIn = button("+", () => view.zoom(1 / 1.3), { label: "Zoom in", local: true });
  const zoomOut = button("−", () => view.zoom(1.3), { label: "Zoom out", local: true });
  const fit = button(
    "Fit",
    () => {
      drafts.drop("zoom");
      view.fitView();
    },
    { label: "Show the whole network", local: true },
  );
  const fold = button(
    "Fold",
    () => {
      scene.opened.clear();
      drafts.drop("opened");
      picture.drawGraph();
    },
    { label: "Bundle the weaker edges again", local: true },
  );
  const bar = element("div", "kw-bar");
  const tools = element("div", "kw-buttons kw-push");
  tools.append(undo, redo, names, fold, zoomOut, zoomIn, fit, saving.menu);
  bar.append(summary, loss, tools);

  const body = element("div", "kw-network-body");
  body.append(stage, following.bar, about.detail, editing.panel);
  root.append(bar, body, legend(), pruning.bar, message);
  // In the workbench undo and redo are at its head.
  undo.hidden = redo.hidden = model.get("tools") !== "all";
  root.dataset.tools = model.get("tools");

  /** Whatever is open. */
  function close() {
    about.close();
    editing.close();
  }

  function drawSummary() {
    const fixed = scene.graph.edges.filter((e) => e.state === "fixed").length;
    const bundled = scene.layout.boxes
      .filter((b) => b.edge < 0)
      .reduce((sum, b) => sum + b.members.length, 0);
    const parts = [`${scene.graph.edges.length} ${scene.graph.edges.length === 1 ? "edge" : "edges"}`];
    if (fixed) parts.push(`${fixed} fixed`);
    if (bundled) parts.push(`${bundled} of them in bundles`);
    summary.textContent = parts.join(" · ");
    fold.hidden = !scene.opened.size || scene.graph.edges.length <= SHOWN;
    names.disabled = scene.graph.edges.length > SHOWN;
    root.dataset.edges = String(scene.graph.edges.length);
    root.dataset.fixed = String(fixed);
  }

  function drawState() {
    const state = model.get("state");
    const busy = isBusy(state.status);
    root.dataset.status = state.status;
    loss.textContent = busy
      ? `${state.doing}…`
      : `validation ${state.unit} ${readable(state.loss)}${state.trained ? "" : ", not trained yet"}`;
    pruning.drawState();
    undo.disabled = busy || !state.undo;
    redo.disabled = busy || !state.redo;
    undo.title = state.undo ? `Take back: ${state.undo}` : "There is nothing to undo";
    redo.title = state.redo ? `Bring back: ${state.redo}` : "There is nothing to redo";
    tell(state.message, state.error);
  }

  function tell(text: string, error = false) {
    if (message.textContent !== text) message.textContent = text;
    message.dataset.error = String(error);
  }

  function legend() {
    const line = element("div", "kw-legend");
    for (const [kind, text] of [
      ["kw-spline", "spline"],
      ["kw-fixed", "symbol, locked"],
      ["kw-gone-line", "would go"],
    ]) {
      const picture = svg("svg", { viewBox: "0 0 26 10", width: 26, height: 10, "aria-hidden": "true" });
      picture.append(svg("path", { class: kind, d: "M1 8C8 8 9 2 13 2S20 8 25 3" }));
      const entry = element("span");
      entry.append(picture, text);
      line.append(entry);
    }
    line.append(
      element("span", "", "thickness: strength"),
      element("span", "kw-legend-bar", "importance of the input"),
    );
    return line;
  }

  const changed = new Set(["graph", "curves", "state", "preview", "flow", "maps", "detail"]);
  const draw = () => {
    if (changed.has("graph")) {
      const held = canvas.contains(document.activeElement);
      picture.drawGraph();
      if (held) scene.stops.get(scene.focused)?.focus();
    } else if (changed.has("curves")) picture.drawCurves();
    // Names of curves come with the graph, and end what was said while they were looked for.
    if (changed.has("state") || changed.has("graph")) drawState();
    if (changed.has("maps") || changed.has("state")) drawMaps(scene);
    if (changed.has("maps") || changed.has("flow") || changed.has("state") || changed.has("curves"))
      following.drawFlow();
    if (changed.has("preview") || changed.has("state")) pruning.drawPreview();
    if (changed.has("graph") || changed.has("state")) editing.draw();
    if (changed.has("detail") || changed.has("graph")) about.drawDetail();
    changed.clear();
    if (!root.dataset.painted)
      requestAnimationFrame(() => (root.dataset.painted = (performance.now() - begun).toFixed(0)));
  };
  frame.on("msg:custom", saving.receive);
  const size = new ResizeObserver(() => {
    if (Math.abs(stage.clientWidth - scene.room) > 40) picture.drawGraph();
    else if (scene.fitted) view.fitView();
  });
  size.observe(stage);
  frame.signal.addEventListener("abort", () => {
    size.disconnect();
    pruning.end();
  });
  const traits = [
    "graph",
    "curves",
    "state",
    "preview",
    "flow",
    "maps",
    "detail",
    "detail_values",
    "detail_basis",
  ];
  return frame.paint(draw, traits, (name) => changed.add(name.startsWith("detail") ? "detail" : name));
}
