// @ts-check
/**
 * The network: a curve on every edge, and what can be done with it.
 *
 * The graph comes from the kernel; here it gets pixels. Everything that changes the network is a
 * command to the kernel.
 */
import { button, chart, download, element, extent, floats, isBusy, painter, points, readable, shortened, standalone, svg, toPng } from "./shared.js";

/** @typedef {{ id: string, kind: string, column: number, place: number, label: string, importance: number | null }} Node */
/** @typedef {{ from: string, to: string, address: number[], state: string, score: number, function: string | null, r2: number | null, domain: [number, number] }} Edge */
/** @typedef {{ nodes: Node[], edges: Edge[], factors: [string, string][], target: string, rows: number }} Graph */
/** @typedef {{ row: number, nodes: Record<string, number>, edges: [number, number][], true: number[] | string }} Flow the activations of one row */
/** @typedef {{ x: number, y: number, key: string, edge: number, members: number[] }} Box a curve, or a bundle of several edges */
/** @typedef {{ width: number, height: number, nodes: Map<string, { x: number, y: number, node: Node }>, boxes: Box[] }} Layout */

const BOX = { width: 74, height: 46, gap: 24, row: 68 };
const WIRE = 70;
const WIRE_PER_LANE = 14;
const NODE = { radius: 8, row: 44 };
const LETTER = 7;
const LONGEST = 22;
const SHOWN = 60;
const DRAWN_WHEN_MANY = 32;
const LARGEST_SCALE = 1.15;
const TALLEST = 560;
const WAIT = 60;
const MAP = 30;

/**
 * The strongest edges, and for every node the others that lead into it.
 * @param {Graph} graph
 * @param {Set<string>} opened nodes whose bundles were opened
 */
function grouped(graph, opened) {
  const numbers = graph.edges.map((_, i) => i);
  if (graph.edges.length <= SHOWN) return numbers.map((i) => ({ key: `e${i}`, edge: i, members: [i] }));
  const order = [...numbers].sort((a, b) => graph.edges[b].score - graph.edges[a].score);
  const alone = new Set(order.slice(0, DRAWN_WHEN_MANY));
  /** @type {Map<string, number[]>} */
  const bundles = new Map();
  for (const i of numbers) {
    const into = graph.edges[i].to;
    if (opened.has(into)) alone.add(i);
    if (!alone.has(i)) bundles.set(into, [...(bundles.get(into) ?? []), i]);
  }
  for (const [into, members] of bundles) {
    if (members.length === 1) {
      alone.add(members[0]);
      bundles.delete(into);
    }
  }
  return [
    ...[...alone].map((i) => ({ key: `e${i}`, edge: i, members: [i] })),
    ...[...bundles].map(([into, members]) => ({ key: `b${into}`, edge: -1, members })),
  ];
}

/**
 * Nodes in columns, and between two columns the boxes of their edges.
 * @param {Graph} graph
 * @param {Set<string>} opened
 * @param {number} room pixels across: wires are shortened, down to a third, to fit into it
 * @returns {Layout}
 */
function laidOut(graph, opened, room) {
  const loose = placed(graph, opened, 1);
  if (loose.width <= room) return loose;
  const tight = placed(graph, opened, 0);
  const length = (room - tight.width) / (loose.width - tight.width);
  return placed(graph, opened, Math.max(length, 0.33));
}

/**
 * @param {Graph} graph
 * @param {Set<string>} opened
 * @param {number} length of the wires, 1 = as long as they like to be
 * @returns {Layout}
 */
function placed(graph, opened, length) {
  const columns = [...new Set(graph.nodes.map((n) => n.column))].sort((a, b) => a - b);
  const inColumn = new Map(columns.map((c) => [c, graph.nodes.filter((n) => n.column === c)]));
  const column = new Map(graph.nodes.map((n) => [n.id, n.column]));
  const byColumn = new Map(columns.map((c) => [c, /** @type {ReturnType<typeof grouped>} */ ([])]));
  for (const group of grouped(graph, opened)) byColumn.get(column.get(graph.edges[group.members[0]].from) ?? 0)?.push(group);
  const lanes = new Map([...byColumn].map(([c, boxes]) => [c, boxes.length <= 8 ? 1 : boxes.length <= 18 ? 2 : boxes.length <= 36 ? 3 : 4]));
  const tallest = Math.max(
    ...[...byColumn].map(([c, boxes]) => (boxes.length / (lanes.get(c) ?? 1)) * BOX.row),
    ...[...inColumn.values()].map((nodes) => nodes.length * NODE.row),
    100,
  );
  const height = tallest + 16;
  const wide = (/** @type {string} */ kind) => Math.max(...graph.nodes.filter((n) => n.kind === kind).map((n) => Math.min(n.label.length, LONGEST) * LETTER), 20);
  /** @type {Layout} */
  const layout = { width: 0, height, nodes: new Map(), boxes: [] };
  let x = wide("input") + 26;
  columns.forEach((c, place) => {
    const nodes = inColumn.get(c) ?? [];
    for (const node of nodes) layout.nodes.set(node.id, { x, y: 8 + (tallest * (node.place + 0.5)) / nodes.length, node });
    if (place === columns.length - 1) return;
    const count = lanes.get(c) ?? 1;
    const boxes = byColumn.get(c) ?? [];
    // Wires of a column without boxes only join factors to their product.
    x += boxes.length ? 2 * length * (WIRE + WIRE_PER_LANE * count) + count * BOX.width + (count - 1) * BOX.gap : 56;
  });
  layout.width = x + wide("output") + 26;
  for (const [c, boxes] of byColumn) placeBoxes(layout, graph, boxes, lanes.get(c) ?? 1, tallest);
  return layout;
}

/**
 * @param {Layout} layout
 * @param {Graph} graph
 * @param {ReturnType<typeof grouped>} groups
 * @param {number} lanes boxes side by side
 * @param {number} tallest
 */
function placeBoxes(layout, graph, groups, lanes, tallest) {
  const y = (/** @type {string} */ id) => layout.nodes.get(id)?.y ?? 0;
  const middle = (/** @type {{ members: number[] }} */ group) =>
    group.members.reduce((sum, i) => sum + y(graph.edges[i].from) + y(graph.edges[i].to), 0) / group.members.length;
  const ordered = [...groups].sort((a, b) => middle(a) - middle(b) || a.edge - b.edge);
  // The labels of the lowest boxes need room too.
  const first = Math.max(BOX.height / 2, (0.5 * tallest) / ordered.length);
  const last = tallest - Math.max(BOX.height / 2 + 8, (0.5 * tallest) / ordered.length);
  ordered.forEach((group, place) => {
    const edge = graph.edges[group.members[0]];
    const [start, end] = [layout.nodes.get(edge.from)?.x ?? 0, layout.nodes.get(edge.to)?.x ?? 0];
    const width = lanes * BOX.width + (lanes - 1) * BOX.gap;
    layout.boxes.push({
      ...group,
      x: (start + end) / 2 - width / 2 + BOX.width / 2 + (place % lanes) * (BOX.width + BOX.gap),
      y: 8 + (ordered.length > 1 ? first + ((last - first) * place) / (ordered.length - 1) : tallest / 2),
    });
  });
}

/** @param {Node} node */
function nameOf(node) {
  if (node.kind === "input" || node.kind === "output") return node.label;
  return `${node.kind} ${node.id}`;
}

/** @type {Record<string, string>} */
const SHORT = { square: "x²", cube: "x³", reciprocal: "1/x", reciprocal_square: "1/x²", sqrt: "√x", inverse_sqrt: "1/√x", power_3_2: "x^(3/2)", abs: "|x|" };

/** @param {string | null} name */
const plain = (name) => SHORT[name ?? ""] ?? (name ?? "").replaceAll("_", " ");

/** @param {number | null} r2 */
function quality(r2) {
  if (r2 === null) return "";
  return r2 >= 0.99995 ? "r² 1.000" : `r² ${r2.toFixed(r2 > 0.999 ? 4 : 3)}`;
}

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const begun = performance.now();
  const root = element("section", "kw kw-network");
  root.setAttribute("aria-label", "Network");
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
  const zoomIn = button("+", () => zoom(1 / 1.3), { label: "Zoom in" });
  const zoomOut = button("−", () => zoom(1.3), { label: "Zoom out" });
  const fit = button("Fit", () => fitView(), { label: "Show the whole network" });
  const fold = button("Fold", () => (opened.clear(), drawGraph()), { label: "Bundle the weaker edges again" });
  const bar = element("div", "kw-bar");
  const tools = element("div", "kw-buttons kw-push");
  tools.append(undo, redo, names, fold, zoomOut, zoomIn, fit, saveMenu());
  bar.append(summary, loss, tools);

  const body = element("div", "kw-network-body");
  const stage = element("div", "kw-stage");
  const canvas = svg("svg", { class: "kw-canvas", role: "group", "aria-label": "Network: arrow keys walk along edges and nodes, Enter opens an edge" });
  const tip = element("div", "kw-tip");
  tip.setAttribute("aria-hidden", "true");
  tip.hidden = true;
  stage.append(canvas, tip);
  const detail = element("aside", "kw-detail");
  detail.setAttribute("aria-label", "Selected edge");
  detail.hidden = true;
  const following = followBar();
  body.append(stage, following.bar, detail);

  const pruning = element("div", "kw-bar kw-pruning");
  const slider = /** @type {HTMLInputElement} */ (element("input"));
  Object.assign(slider, { type: "range", min: "0", max: "100", step: "0.5", value: "0" });
  slider.setAttribute("aria-label", "Prune edges weaker than this share of the strongest");
  const caption = element("label", "kw-title", "Prune weak edges");
  const forecast = element("span", "kw-quiet kw-numbers kw-forecast");
  forecast.setAttribute("role", "status");
  const prune = button("Prune", () => model.send({ type: "prune", threshold: threshold() }));
  pruning.append(caption, slider, forecast, prune);
  const message = element("p", "kw-message");
  message.setAttribute("role", "status");
  const simplify = button("Simplify by itself", () => model.send({ type: simplify.dataset.command ?? "simplify" }), { kind: "kw-first" });
  pruning.append(simplify);
  root.append(bar, body, legend(), pruning, message);
  el.append(root);
  // In the workbench undo and redo are at its head.
  undo.hidden = redo.hidden = model.get("tools") !== "all";
  root.dataset.tools = model.get("tools");
  pruning.hidden = model.get("tools") === "look";

  /** @type {Graph} */
  let graph = model.get("graph");
  /** @type {Layout} */
  let layout = laidOut(graph, new Set(), Infinity);
  let room = 0;
  /** @type {Set<string>} */
  const opened = new Set();
  let view = { x: 0, y: 0, width: 1, height: 1 };
  let fitted = true;
  let focused = "";
  /** @type {Map<string, SVGElement>} */
  let stops = new Map();
  let curves = floats(model.get("curves"));

  // The drawing

  /** @param {number} i */
  function curve(i) {
    const count = curves.length / Math.max(graph.edges.length, 1);
    return curves.subarray(i * count, (i + 1) * count);
  }

  function drawGraph() {
    graph = model.get("graph");
    curves = floats(model.get("curves"));
    room = stage.clientWidth || 900;
    layout = laidOut(graph, opened, room);
    stops = new Map();
    canvas.replaceChildren();
    const wires = svg("g", { class: "kw-wires" });
    const front = svg("g");
    canvas.append(wires, front);
    const strongest = Math.max(...graph.edges.map((e) => e.score), 1e-300);
    for (const [from, to] of graph.factors) {
      const [a, b] = [layout.nodes.get(from), layout.nodes.get(to)];
      if (a && b) wires.append(svg("path", { class: "kw-wire", d: `M${a.x} ${a.y}L${b.x} ${b.y}`, "data-from": from, "data-to": to }));
    }
    for (const box of layout.boxes) {
      for (const path of wiresOf(box, strongest)) wires.append(path);
      front.append(box.edge >= 0 ? drawEdge(box) : drawBundle(box));
    }
    const important = Math.max(...graph.nodes.map((n) => n.importance ?? 0), 1e-300);
    for (const { x, y, node } of layout.nodes.values()) front.append(drawNode(x, y, node, important));
    const first = stops.get(focused) ?? stops.values().next().value;
    first?.setAttribute("tabindex", "0");
    drawCurves();
    drawMaps();
    drawFlow();
    drawSummary();
    if (fitted) fitView();
    drawPreview();
  }

  /**
   * @param {Box} box
   * @param {number} strongest
   */
  function* wiresOf(box, strongest) {
    const [left, right] = [box.x - BOX.width / 2, box.x + BOX.width / 2];
    for (const i of box.members) {
      const edge = graph.edges[i];
      const [a, b] = [layout.nodes.get(edge.from), layout.nodes.get(edge.to)];
      if (!a || !b) continue;
      const share = Math.sqrt(edge.score / strongest);
      const bundled = box.edge < 0;
      const look = bundled ? "stroke-width:.8;stroke-opacity:.22" : `stroke-width:${(0.8 + 2.8 * share).toFixed(2)};stroke-opacity:${(0.25 + 0.75 * share).toFixed(2)}`;
      const into = `M${a.x} ${a.y}C${(a.x + left) / 2} ${a.y} ${(a.x + left) / 2} ${box.y} ${left} ${box.y}`;
      const out = `M${right} ${box.y}C${(right + b.x) / 2} ${box.y} ${(right + b.x) / 2} ${b.y} ${b.x} ${b.y}`;
      const once = bundled && i !== box.members[0];
      yield svg("path", { class: "kw-wire", d: once ? into : into + out, style: look, "data-edge": i, "data-from": edge.from, "data-to": edge.to });
    }
  }

  /** @param {Box} box */
  function drawEdge(box) {
    const edge = graph.edges[box.edge];
    const [left, top] = [box.x - BOX.width / 2, box.y - BOX.height / 2];
    const fixed = edge.state === "fixed";
    const text = fixed ? plain(edge.function) : edge.function ? `${plain(edge.function)} ${quality(edge.r2)}` : "";
    const group = stop(box.key, `${titleOf(edge)}, ${sayKind(edge)}, strength ${readable(edge.score)}`, "kw-edge", () => select(box.edge));
    group.dataset.edge = String(box.edge);
    group.dataset.state = edge.state;
    group.append(
      svg("rect", { class: "kw-box", x: left, y: top, width: BOX.width, height: BOX.height, rx: 6 }),
      svg("polyline", { class: fixed ? "kw-fixed" : "kw-spline" }),
    );
    if (fixed) group.append(lock(box.x + BOX.width / 2 - 11, top + 4));
    const label = svg("text", { class: fixed ? "kw-name" : "kw-tick", x: box.x, y: top + BOX.height + 12, "text-anchor": "middle" }, text);
    group.append(label, svg("text", { class: "kw-gone-mark", x: box.x, y: top + BOX.height + 12, "text-anchor": "middle" }, "goes"));
    group.addEventListener("pointerenter", () => showTip(box));
    group.addEventListener("pointerleave", hideTip);
    return group;
  }

  /** @param {Box} box */
  function drawBundle(box) {
    const into = graph.edges[box.members[0]].to;
    const target = layout.nodes.get(into);
    const count = box.members.length;
    const group = stop(box.key, `${count} weaker edges into ${target ? nameOf(target.node) : into}: show them`, "kw-bundle", () => {
      opened.add(into);
      focused = `e${box.members[0]}`;
      fitted = true;
      drawGraph();
      stops.get(focused)?.focus();
    });
    group.dataset.count = String(count);
    const [left, top] = [box.x - BOX.width / 2 + 8, box.y - BOX.height / 2 + 10];
    for (const shift of [8, 4, 0]) group.append(svg("rect", { class: "kw-box", x: left + shift, y: top + 4 - shift, width: BOX.width - 24, height: BOX.height - 20, rx: 6 }));
    group.append(svg("text", { class: "kw-name", x: left + BOX.width / 2 - 12, y: box.y + 5, "text-anchor": "middle" }, `+${count}`));
    return group;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {Node} node
   * @param {number} important
   */
  function drawNode(x, y, node, important) {
    const idle = !graph.edges.some((e) => e.from === node.id || e.to === node.id) && !graph.factors.some((f) => f.includes(node.id));
    const share = node.importance === null ? "" : `, importance ${readable(node.importance)}`;
    const group = stop(node.id, `${node.kind} ${nameOf(node)}${share}${idle ? ", unused" : ""}`, `kw-node kw-${node.kind}${idle ? " kw-idle" : ""}`, () => undefined);
    const outer = node.kind === "input" || node.kind === "output";
    group.append(svg("circle", { cx: x, cy: y, r: outer ? NODE.radius - 2 : NODE.radius + 1, class: outer ? "kw-disc" : "kw-ring" }));
    if (!outer) group.append(svg("text", { class: "kw-sign", x, y: y + 5, "text-anchor": "middle" }, node.kind === "product" ? "×" : "+"));
    if (outer) {
      const [at, anchor] = node.kind === "input" ? [x - 14, "end"] : [x + 14, "start"];
      const label = svg("text", { class: "kw-column", x: at, y: y + (node.importance === null ? 4 : 1), "text-anchor": anchor }, shortened(node.label, LONGEST));
      label.append(svg("title", {}, node.label));
      group.append(label);
    }
    if (node.importance !== null) {
      const length = (54 * node.importance) / important;
      group.append(svg("rect", { class: "kw-importance-room", x: x - 68, y: y + 7, width: 54, height: 4, rx: 2 }));
      group.append(svg("rect", { class: "kw-importance", x: x - 14 - length, y: y + 7, width: length, height: 4, rx: 2 }));
    }
    group.addEventListener("pointerenter", () => highlight(node.id));
    group.addEventListener("pointerleave", () => highlight(""));
    return group;
  }

  /**
   * Something that the keyboard stops at.
   * @param {string} key
   * @param {string} label
   * @param {string} kind
   * @param {() => void} action
   */
  function stop(key, label, kind, action) {
    const group = svg("g", { class: kind, tabindex: -1, role: "button", "aria-label": label, "data-key": key });
    group.addEventListener("click", () => {
      if (!moved) action();
    });
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        action();
      }
    });
    group.addEventListener("focus", () => {
      stops.get(focused)?.setAttribute("tabindex", "-1");
      focused = key;
      group.setAttribute("tabindex", "0");
      const box = layout.boxes.find((b) => b.key === key);
      if (box && box.edge >= 0 && group.matches(":focus-visible")) showTip(box);
      if (!box) highlight(key);
    });
    group.addEventListener("blur", () => (hideTip(), highlight("")));
    stops.set(key, group);
    return group;
  }

  function drawCurves() {
    curves = floats(model.get("curves"));
    for (const box of layout.boxes) {
      if (box.edge < 0) continue;
      const row = curve(box.edge);
      const [low, high] = extent(row);
      const text = Array.from(row, (value, i) => {
        const x = box.x - BOX.width / 2 + 6 + ((BOX.width - 12) * i) / Math.max(row.length - 1, 1);
        const y = box.y + BOX.height / 2 - 6 - ((BOX.height - 12) * (value - low)) / (high - low);
        return `${x.toFixed(1)},${y.toFixed(1)}`;
      });
      stops.get(box.key)?.querySelector("polyline")?.setAttribute("points", text.join(" "));
    }
  }

  // One row

  function followBar() {
    const bar = element("div", "kw-bar kw-follow");
    const toggle = button("Follow a row", () => {
      if (model.get("flow").nodes) model.send({ type: "unfollow" });
      else go(Number(field.value) - 1);
    });
    toggle.title = "See the values of one sample on every node and curve";
    const field = /** @type {HTMLInputElement} */ (element("input", "kw-input kw-numbers"));
    Object.assign(field, { type: "number", min: "1", step: "1", value: "1" });
    field.setAttribute("aria-label", "Row of the table");
    field.addEventListener("input", () => field.value && go(Number(field.value) - 1));
    const said = element("span", "kw-quiet kw-numbers");
    said.setAttribute("role", "status");
    const maps = button("Heat maps", () => model.send({ type: "maps", on: !model.get("maps").byteLength }), { kind: "kw-maps kw-push" });
    maps.title = "Every node as a function of the two inputs: the first to the right, the second upwards, dark is high";
    bar.append(toggle, field, said, maps);

    /** @param {number} row */
    function go(row) {
      model.send({ type: "follow", row: Math.max(0, Math.min(Math.round(row), graph.rows - 1)) });
    }

    /** @param {Flow | null} flow */
    function draw(flow) {
      toggle.setAttribute("aria-pressed", String(flow !== null));
      field.hidden = flow === null;
      field.max = String(graph.rows);
      if (flow && document.activeElement !== field) field.value = String(flow.row + 1);
      maps.hidden = graph.nodes.filter((n) => n.kind === "input").length !== 2;
      maps.setAttribute("aria-pressed", String(model.get("maps").byteLength > 0));
      said.textContent = flow ? `of ${graph.rows} · ${sayOutcome(flow)}` : "";
    }
    return { bar, draw };
  }

  /** @param {Flow} flow */
  function sayOutcome(flow) {
    if (typeof flow.true === "string") return `true ${graph.target}: ${flow.true}`;
    const found = graph.nodes.filter((n) => n.kind === "output").sort((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));
    return `network ${found.map((n) => readable(flow.nodes[n.id], 4)).join(", ")} · true ${flow.true.map((value) => readable(value, 4)).join(", ")}`;
  }

  /** The followed row: a value at every node, a dot on every curve. */
  function drawFlow() {
    const known = model.get("flow").nodes ? /** @type {Flow} */ (model.get("flow")) : null;
    // While it trains, curves and values would be of two networks.
    const flow = isBusy(model.get("state").status) || known?.edges.length !== graph.edges.length ? null : known;
    canvas.querySelector(".kw-flow")?.remove();
    following.draw(known);
    root.dataset.row = flow ? String(flow.row + 1) : "";
    if (!flow) return;
    const layer = svg("g", { class: "kw-flow", "aria-hidden": "true" });
    for (const box of layout.boxes) if (box.edge >= 0) layer.append(flowDot(box, flow.edges[box.edge][0]));
    for (const { x, y, node } of layout.nodes.values()) {
      const [at, down, anchor] = node.kind === "input" ? [x - 14, y - 13, "end"] : node.kind === "output" ? [x + 5 + MAP / 2, y + 20, "start"] : [x, y - 14, "middle"];
      if (node.id in flow.nodes) layer.append(svg("text", { class: "kw-flow-value", x: at, y: down, "text-anchor": anchor }, readable(flow.nodes[node.id], 3)));
    }
    canvas.append(layer);
  }

  /** With two inputs: under every node its values over their plane. */
  function drawMaps() {
    canvas.querySelector(".kw-heat-maps")?.remove();
    const values = floats(model.get("maps"));
    const size = values.length / graph.nodes.length;
    if (!size || isBusy(model.get("state").status)) return;
    const layer = svg("g", { class: "kw-heat-maps" });
    const colour = getComputedStyle(root).getPropertyValue("--kw-accent");
    graph.nodes.forEach((node, i) => {
      const place = layout.nodes.get(node.id);
      if (!place || node.kind === "input") return;
      const map = values.subarray(i * size, (i + 1) * size);
      const [low, high] = extent(map);
      const at = { x: place.x - MAP / 2, y: place.y + 13, width: MAP, height: MAP };
      const picture = svg("image", { ...at, href: heat(map, colour), preserveAspectRatio: "none", role: "img", "aria-label": `${nameOf(node)} over the two inputs, from ${readable(low)} to ${readable(high)}` });
      picture.append(svg("title", {}, `${nameOf(node)}: ${readable(low)} (light) to ${readable(high)} (dark)`));
      layer.append(svg("rect", { ...at, class: "kw-map-frame" }), picture);
    });
    canvas.append(layer);
  }

  /**
   * Where an input of an edge stands on its small curve.
   * @param {Box} box
   * @param {number} value that enters the edge
   */
  function flowDot(box, value) {
    const [from, to] = graph.edges[box.edge].domain;
    const row = curve(box.edge);
    const [low, high] = extent(row);
    const share = Math.min(Math.max((value - from) / (to - from || 1), 0), 1);
    const place = share * (row.length - 1);
    const before = Math.min(Math.floor(place), row.length - 2);
    const height = row[before] + (place - before) * (row[before + 1] - row[before]);
    return svg("circle", {
      class: "kw-flow-dot",
      cx: (box.x - BOX.width / 2 + 6 + (BOX.width - 12) * share).toFixed(1),
      cy: (box.y + BOX.height / 2 - 6 - ((BOX.height - 12) * (height - low)) / (high - low)).toFixed(1),
      r: 4,
    });
  }

  function drawSummary() {
    const fixed = graph.edges.filter((e) => e.state === "fixed").length;
    const bundled = layout.boxes.filter((b) => b.edge < 0).reduce((sum, b) => sum + b.members.length, 0);
    const parts = [`${graph.edges.length} ${graph.edges.length === 1 ? "edge" : "edges"}`];
    if (fixed) parts.push(`${fixed} fixed`);
    if (bundled) parts.push(`${bundled} of them in bundles`);
    summary.textContent = parts.join(" · ");
    fold.hidden = !opened.size || graph.edges.length <= SHOWN;
    names.disabled = graph.edges.length > SHOWN;
    root.dataset.edges = String(graph.edges.length);
    root.dataset.fixed = String(fixed);
  }

  function drawState() {
    const state = model.get("state");
    const busy = isBusy(state.status);
    root.dataset.status = state.status;
    loss.textContent = busy ? `${state.doing}…` : `validation ${state.unit} ${readable(state.loss)}${state.trained ? "" : ", not trained yet"}`;
    const simplifying = busy && state.job === "prune";
    simplify.textContent = simplifying ? "Stop" : "Simplify by itself";
    simplify.dataset.command = simplifying ? "stop" : "simplify";
    simplify.title = simplifying ? "End it; nothing has changed then" : "Remove the edges that the data does not need: each one is tested by a refit";
    simplify.disabled = (busy && !simplifying) || !state.trained;
    undo.disabled = busy || !state.undo;
    redo.disabled = busy || !state.redo;
    undo.title = state.undo ? `Take back: ${state.undo}` : "There is nothing to undo";
    redo.title = state.redo ? `Bring back: ${state.redo}` : "There is nothing to redo";
    slider.disabled = busy;
    tell(state.message, state.error);
    if (busy) prune.disabled = true;
  }

  /**
   * @param {string} text
   * @param {boolean} [error]
   */
  function tell(text, error = false) {
    if (message.textContent !== text) message.textContent = text;
    message.dataset.error = String(error);
  }

  // Pruning

  function threshold() {
    return (Number(slider.value) / 100) ** 2;
  }

  let asked = 0;
  function ask() {
    clearTimeout(asked);
    asked = setTimeout(() => model.send({ type: "preview", threshold: threshold() }), WAIT);
    const strongest = Math.max(...graph.edges.map((e) => e.score), 0);
    mark(graph.edges.flatMap((e, i) => (e.score < threshold() * strongest ? [i] : [])));
    prune.disabled = true;
  }
  slider.addEventListener("input", ask);

  /** @param {number[]} gone */
  function mark(gone) {
    const going = new Set(gone);
    for (const path of canvas.querySelectorAll("[data-edge]")) path.classList.toggle("kw-gone", going.has(Number(/** @type {SVGElement} */ (path).dataset.edge)));
  }

  function drawPreview() {
    const preview = model.get("preview");
    // While it is dragged, the slider is ahead of the kernel.
    if (document.activeElement !== slider || preview.threshold === undefined) slider.value = String(100 * Math.sqrt(preview.threshold ?? 0));
    const gone = preview.edges ?? [];
    mark(gone);
    prune.disabled = !gone.length || slider.disabled;
    prune.textContent = gone.length ? `Prune ${gone.length} ${gone.length === 1 ? "edge" : "edges"}` : "Prune";
    root.dataset.preview = String(gone.length);
    if (preview.error) forecast.textContent = preview.error;
    else if (gone.length) {
      const change = preview.before > 0 ? (100 * (preview.after - preview.before)) / preview.before : 0;
      forecast.textContent = `${model.get("state").unit} ${readable(preview.before)} → ${readable(preview.after)} (${change < 0 ? "−" : "+"}${readable(Math.abs(change), 2)} %)`;
    } else if (preview.threshold > 0) forecast.textContent = "No edge is that weak";
    else forecast.textContent = "Drag to see what would go, and what it costs";
  }

  // One edge

  /** @param {Edge} edge */
  function titleOf(edge) {
    const [a, b] = [layout.nodes.get(edge.from), layout.nodes.get(edge.to)];
    return a && b ? `${nameOf(a.node)} → ${nameOf(b.node)}` : "";
  }

  /** @param {Edge} edge */
  function sayKind(edge) {
    if (edge.state === "fixed") return `locked to ${plain(edge.function)}`;
    return edge.function ? `spline, close to ${plain(edge.function)} ${quality(edge.r2)}` : "spline";
  }

  /** @param {Box} box */
  function showTip(box) {
    const edge = graph.edges[box.edge];
    const row = curve(box.edge);
    const x = Float32Array.from(row, (_, i) => edge.domain[0] + ((edge.domain[1] - edge.domain[0]) * i) / Math.max(row.length - 1, 1));
    const picture = chart({ width: 230, height: 140, x: extent(edge.domain), y: extent(row), label: "" });
    picture.node.append(svg("polyline", { class: edge.state === "fixed" ? "kw-fixed" : "kw-spline", points: points(x, row, picture.across, picture.down) }));
    const [low, high] = extent(row);
    tip.replaceChildren(
      element("div", "kw-title", titleOf(edge)),
      picture.node,
      element("div", "kw-quiet", `${sayKind(edge)} · strength ${readable(edge.score)}`),
      ...sayPassage(box.edge),
      element("div", "kw-quiet", `in ${readable(edge.domain[0])} to ${readable(edge.domain[1])} · out spans ${readable(high - low)}`),
    );
    tip.hidden = false;
    const place = stops.get(box.key)?.querySelector(".kw-box")?.getBoundingClientRect();
    const frame = stage.getBoundingClientRect();
    if (!place) return;
    const below = place.bottom - frame.top + 6;
    const height = tip.offsetHeight;
    tip.style.left = `${Math.max(0, Math.min(place.left - frame.left - 80, frame.width - tip.offsetWidth))}px`;
    tip.style.top = `${below + height > frame.height ? Math.max(0, place.top - frame.top - height - 6) : below}px`;
    for (const path of canvas.querySelectorAll(`.kw-wire[data-edge="${box.edge}"]`)) path.classList.add("kw-lit");
  }

  /** @param {number} i */
  function sayPassage(i) {
    const flow = model.get("flow");
    if (!flow.nodes || !canvas.querySelector(".kw-flow")) return [];
    const [enters, leaves] = flow.edges[i];
    return [element("div", "kw-numbers", `row ${flow.row + 1}: ${readable(enters)} becomes ${readable(leaves)}`)];
  }

  function hideTip() {
    tip.hidden = true;
    for (const path of canvas.querySelectorAll(".kw-lit")) path.classList.remove("kw-lit");
  }

  /** @param {string} id of a node, or "" */
  function highlight(id) {
    canvas.classList.toggle("kw-focussed", id !== "");
    for (const path of canvas.querySelectorAll(".kw-wire")) {
      const { from, to } = /** @type {SVGElement} */ (path).dataset;
      path.classList.toggle("kw-lit", id !== "" && (from === id || to === id));
    }
  }

  let opening = false;
  /** @param {number} i */
  function select(i) {
    const edge = graph.edges[i];
    opening = true;
    detail.hidden = false;
    hideTip();
    detail.replaceChildren(detailHead(titleOf(edge)), element("p", "kw-quiet kw-loading", "Reading the curve…"));
    model.send({ type: "select", edge: edge.address });
  }

  function unselect() {
    detail.hidden = true;
    model.send({ type: "unselect" });
    for (const group of canvas.querySelectorAll(".kw-selected")) group.classList.remove("kw-selected");
    stops.get(focused)?.focus();
  }
  detail.addEventListener("keydown", (event) => {
    if (event.key === "Escape") unselect();
  });

  /** @param {string} title */
  function detailHead(title) {
    const head = element("div", "kw-bar");
    const close = button("×", unselect, { kind: "kw-small kw-push", label: "Close" });
    close.dataset.keep = "close";
    head.append(element("span", "kw-title kw-detail-title", title), close);
    return head;
  }

  let slope = false;
  let overlay = 0;
  function drawDetail() {
    const about = model.get("detail");
    detail.hidden = !about.address;
    const same = (/** @type {Edge} */ e) => about.address && e.address.every((n, k) => n === about.address[k]);
    const number = graph.edges.findIndex(same);
    for (const group of canvas.querySelectorAll(".kw-edge")) group.classList.toggle("kw-selected", Number(/** @type {SVGElement} */ (group).dataset.edge) === number);
    if (!about.address || number < 0) return;
    const edge = graph.edges[number];
    const values = floats(model.get("detail_values"));
    const row = (/** @type {number} */ i) => values.subarray(i * about.points, (i + 1) * about.points);
    const found = about.candidates ?? [];
    const dots = values.subarray((3 + found.length) * about.points);
    overlay = Math.min(overlay, Math.max(found.length - 1, 0));
    const plot = element("div", "kw-plot");
    const says = element("p", "kw-quiet kw-numbers");
    const toggle = button("Derivative", () => {
      slope = !slope;
      paint();
    }, { kind: "kw-small" });
    toggle.dataset.keep = "slope";
    function paint() {
      const y = row(slope ? 2 : 1);
      const picture = chart({ width: 360, height: 220, x: extent(row(0)), y: extent(y), xLabel: "input of the edge", yLabel: slope ? "derivative" : "value", label: `${titleOf(edge)}, ${sayKind(edge)}` });
      if (!slope) {
        for (let i = 0; i < dots.length; i += 2) picture.node.append(svg("circle", { class: "kw-dot", cx: picture.across(dots[i]).toFixed(1), cy: picture.down(dots[i + 1]).toFixed(1), r: 2.5 }));
      }
      picture.node.append(svg("polyline", { class: edge.state === "fixed" ? "kw-fixed" : "kw-spline", points: points(row(0), y, picture.across, picture.down) }));
      if (!slope && found.length) picture.node.append(svg("polyline", { class: "kw-overlay", points: points(row(0), row(3 + overlay), picture.across, picture.down) }));
      plot.replaceChildren(picture.node);
      toggle.setAttribute("aria-pressed", String(slope));
      const [low, high] = extent(row(1));
      says.textContent = `in ${readable(row(0)[0])} to ${readable(row(0)[about.points - 1])} · out ${readable(low)} to ${readable(high)} · strength ${readable(edge.score)}`;
      list.querySelectorAll("tr[data-candidate]").forEach((line, i) => line.classList.toggle("kw-chosen", i === overlay && found.length > 0));
    }
    const list = element("div", "kw-candidates");
    const active = document.activeElement;
    const held = active instanceof HTMLElement && detail.contains(active) ? (active.dataset.keep ?? "close") : "";
    if (about.function) {
      const line = element("div", "kw-bar");
      line.append(element("span", "", `Locked to ${about.formula}`), button("Unfix", () => model.send({ type: "unfix", edge: about.address }), { label: "Turn the edge back into a spline" }));
      list.append(line);
    }
    list.append(handling(about));
    if (about.candidates === null) list.append(element("p", "kw-quiet kw-loading", "Looking for functions that fit…"));
    else if (found.length) list.append(candidates(found, about, (i) => ((overlay = i), paint())));
    const left = element("div", "kw-picture");
    left.append(plot, toggle, says);
    const columns = element("div", "kw-columns");
    columns.append(left, list);
    detail.replaceChildren(detailHead(titleOf(edge)), columns);
    paint();
    const keep = /** @type {HTMLElement | null} */ (detail.querySelector(`[data-keep="${held || "close"}"]`) ?? detail.querySelector("button"));
    if (held || opening) keep?.focus({ preventScroll: true });
    opening = false;
  }

  /**
   * What can be done with an edge, whatever its curve.
   * @param {any} about
   */
  function handling(about) {
    const line = element("div", "kw-buttons kw-handling");
    if (model.get("tools") === "look") return line;
    const busy = isBusy(root.dataset.status ?? "");
    const hold = button(about.held ? "Let it train" : "Hold", () => model.send({ type: about.held ? "release" : "hold", edge: about.address }), { kind: "kw-small", label: about.held ? "Let training move this edge again" : "Keep this edge as it is through any training" });
    hold.setAttribute("aria-pressed", String(about.held));
    hold.dataset.keep = "hold";
    const remove = button("Remove", () => model.send({ type: "remove", edge: about.address }), { kind: "kw-small", label: "Take this edge out of the network; undo brings it back" });
    for (const made of [hold, remove]) made.disabled = busy;
    line.append(hold, remove);
    return line;
  }

  /**
   * @param {any[]} found
   * @param {any} about
   * @param {(i: number) => void} show
   */
  function candidates(found, about, show) {
    const table = element("table", "kw-table");
    const head = element("tr");
    for (const title of ["Function", "r²", ""]) head.append(element("th", title === "r²" ? "kw-numbers" : "", title));
    table.append(head);
    found.forEach((candidate, i) => {
      const line = element("tr");
      line.dataset.candidate = candidate.name;
      const formula = element("td", "kw-formula", candidate.formula);
      formula.title = plain(candidate.name);
      const act = element("td");
      const fixing = button("Fix", () => model.send({ type: "fix", edge: about.address, candidate: i }), { kind: "kw-small", label: `Fix the edge to ${candidate.formula}` });
      fixing.dataset.keep = `fix${i}`;
      fixing.disabled = isBusy(root.dataset.status ?? "");
      act.append(fixing);
      line.append(formula, element("td", "kw-numbers", candidate.r2.toFixed(5)), act);
      line.addEventListener("pointerenter", () => show(i));
      line.addEventListener("focusin", () => show(i));
      table.append(line);
    });
    return table;
  }

  // The keyboard

  /** @type {Record<string, [number, number]>} */
  const WALK = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  canvas.addEventListener("keydown", (event) => {
    const step = WALK[event.key];
    if (event.key === "+" || event.key === "=") zoom(1 / 1.3);
    else if (event.key === "-") zoom(1.3);
    else if (event.key === "0") fitView();
    else if (step) stops.get(neighbour(focused, ...step))?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  /**
   * Along wires to the left and right, within the column up and down.
   * @param {string} key
   * @param {number} across
   * @param {number} down
   */
  function neighbour(key, across, down) {
    const node = layout.nodes.get(key);
    const box = layout.boxes.find((b) => b.key === key);
    const here = node ?? box;
    if (!here) return stops.keys().next().value ?? "";
    if (down) {
      const column = node ? [...layout.nodes.values()].filter((n) => n.x === node.x).map((n) => ({ key: n.node.id, y: n.y })) : layout.boxes.filter((b) => graph.edges[b.members[0]].address[0] === graph.edges[box?.members[0] ?? 0].address[0]);
      const ordered = column.sort((a, b) => a.y - b.y);
      return ordered[ordered.findIndex((o) => o.key === key) + down]?.key ?? key;
    }
    if (box) return across < 0 ? graph.edges[box.members[0]].from : graph.edges[box.members[0]].to;
    const factor = graph.factors.find(([from, to]) => (across > 0 ? from : to) === key);
    if (factor) return across > 0 ? factor[1] : factor[0];
    const near = layout.boxes.filter((b) => b.members.some((i) => (across > 0 ? graph.edges[i].from : graph.edges[i].to) === key));
    const strength = (/** @type {Box} */ b) => (b.edge < 0 ? -1 : graph.edges[b.edge].score);
    return near.sort((a, b) => strength(b) - strength(a))[0]?.key ?? key;
  }

  // Zoom and pan

  function fitView() {
    fitted = true;
    const across = stage.clientWidth || 640;
    const scale = Math.max(Math.min(across / layout.width, LARGEST_SCALE, TALLEST / layout.height), 0.2);
    stage.style.height = `${Math.max(layout.height * scale, 140).toFixed(0)}px`;
    const [width, height] = [across / scale, Math.max(layout.height, 140 / scale)];
    view = { x: (layout.width - width) / 2, y: (layout.height - height) / 2, width, height };
    setView();
  }

  function setView() {
    canvas.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  }

  /**
   * @param {number} factor above 1 moves away
   * @param {number} [atX] share of the width that stays
   * @param {number} [atY]
   */
  function zoom(factor, atX = 0.5, atY = 0.5) {
    const width = Math.min(Math.max(view.width * factor, 120), 4 * layout.width);
    const real = width / view.width;
    view = { x: view.x + view.width * (1 - real) * atX, y: view.y + view.height * (1 - real) * atY, width, height: view.height * real };
    fitted = false;
    setView();
  }

  canvas.addEventListener("wheel", (event) => {
    // A plain wheel scrolls the notebook.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const frame = canvas.getBoundingClientRect();
    zoom(Math.exp(event.deltaY / 300), (event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height);
  }, { passive: false });

  /** @type {{ x: number, y: number } | null} */
  let grip = null;
  let moved = false;
  canvas.addEventListener("pointerdown", (event) => {
    grip = { x: event.clientX, y: event.clientY };
    moved = false;
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!grip || !(event.buttons & 1)) return;
    const [dx, dy] = [event.clientX - grip.x, event.clientY - grip.y];
    if (!moved && Math.hypot(dx, dy) < 4) return;
    if (!moved) canvas.setPointerCapture(event.pointerId);
    moved = true;
    fitted = false;
    const scale = view.width / canvas.clientWidth;
    view = { ...view, x: view.x - dx * scale, y: view.y - dy * scale };
    grip = { x: event.clientX, y: event.clientY };
    hideTip();
    setView();
  });
  canvas.addEventListener("pointerup", () => (grip = null));

  // Around it

  function legend() {
    const line = element("div", "kw-legend");
    for (const [kind, text] of [["kw-spline", "spline"], ["kw-fixed", "symbol, locked"], ["kw-gone-line", "would go"]]) {
      const picture = svg("svg", { viewBox: "0 0 26 10", width: 26, height: 10, "aria-hidden": "true" });
      picture.append(svg("path", { class: kind, d: "M1 8C8 8 9 2 13 2S20 8 25 3" }));
      const entry = element("span");
      entry.append(picture, text);
      line.append(entry);
    }
    line.append(element("span", "", "thickness: strength"), element("span", "kw-legend-bar", "importance of the input"));
    return line;
  }

  function saveMenu() {
    const menu = element("details", "kw-menu");
    const list = element("div", "kw-menu-list");
    for (const kind of ["svg", "png", "graphml", "json"]) {
      list.append(button(kind.toUpperCase(), () => {
        /** @type {HTMLDetailsElement} */ (menu).open = false;
        save(kind);
      }, { kind: "kw-small", label: `Save as ${kind.toUpperCase()}` }));
    }
    menu.append(element("summary", "kw-button", "Save"), list);
    menu.addEventListener("focusout", (event) => {
      if (!menu.contains(/** @type {Element | null} */ (event.relatedTarget))) /** @type {HTMLDetailsElement} */ (menu).open = false;
    });
    return menu;
  }

  const stem = () => `network-${graph.target.replace(/[^\p{L}\p{N}]+/gu, "-")}`;

  /** @param {string} kind */
  async function save(kind) {
    if (kind === "json" || kind === "graphml") return model.send({ type: "save", kind });
    hideTip();
    const text = standalone(canvas, [0, 0, Math.ceil(layout.width), Math.ceil(layout.height)]);
    try {
      download(`${stem()}.${kind}`, kind === "svg" ? new Blob([text], { type: "image/svg+xml" }) : await toPng(text, layout.width, layout.height));
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error), true);
    }
  }

  /** @param {{ type: string, kind: string, text: string }} sent */
  function receive(sent) {
    if (sent.type === "file") download(`${stem()}.${sent.kind}`, sent.text);
  }

  const changed = new Set(["graph", "curves", "state", "preview", "flow", "maps", "detail"]);
  const screen = painter(() => {
    if (changed.has("graph")) {
      const held = canvas.contains(document.activeElement);
      drawGraph();
      if (held) stops.get(focused)?.focus();
    } else if (changed.has("curves")) drawCurves();
    if (changed.has("state")) drawState();
    if (changed.has("maps") || changed.has("state")) drawMaps();
    if (changed.has("maps") || changed.has("flow") || changed.has("state") || changed.has("curves")) drawFlow();
    if (changed.has("preview") || changed.has("state")) drawPreview();
    if (changed.has("detail") || changed.has("graph")) drawDetail();
    changed.clear();
    if (!root.dataset.painted) requestAnimationFrame(() => (root.dataset.painted = (performance.now() - begun).toFixed(0)));
  });
  const handlers = ["graph", "curves", "state", "preview", "flow", "maps", "detail", "detail_values"].map((name) => {
    const handler = () => {
      changed.add(name === "detail_values" ? "detail" : name);
      screen.soon();
    };
    model.on(`change:${name}`, handler);
    return () => model.off(`change:${name}`, handler);
  });
  model.on("msg:custom", receive);
  const size = new ResizeObserver(() => {
    if (Math.abs(stage.clientWidth - room) > 40) drawGraph();
    else if (fitted) fitView();
  });
  size.observe(stage);
  screen.soon();
  return () => {
    screen.stop();
    size.disconnect();
    clearTimeout(asked);
    for (const forget of handlers) forget();
    model.off("msg:custom", receive);
  };
}

/**
 * A square of values as a picture: the higher, the more of the colour; the last row is at the top.
 * @param {Float32Array} values
 * @param {string} colour
 */
function heat(values, colour) {
  const points = Math.round(Math.sqrt(values.length));
  const [low, high] = extent(values);
  const picture = document.createElement("canvas");
  picture.width = picture.height = points;
  const pen = picture.getContext("2d");
  if (!pen) return "";
  pen.fillStyle = colour.trim();
  values.forEach((value, i) => {
    pen.globalAlpha = (value - low) / (high - low);
    pen.fillRect(i % points, points - 1 - Math.floor(i / points), 1, 1);
  });
  return picture.toDataURL();
}

/**
 * A padlock: locked edges are told apart without colour.
 * @param {number} x
 * @param {number} y
 */
function lock(x, y) {
  const group = svg("g", { class: "kw-lock", transform: `translate(${x} ${y})` });
  group.append(svg("rect", { x: 0, y: 3.5, width: 7, height: 5.5, rx: 1 }), svg("path", { d: "M1.5 3.5V2.5a2 2 0 0 1 4 0v1" }));
  return group;
}

export default { render };
