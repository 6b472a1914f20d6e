/** One row of the table on its way through the network. */
import { button, element, svg } from "../common/dom";
import { apart, isBusy, readable } from "../common/numbers";
import { extent, scaleOf } from "../common/scales";
import type { Box, Flow, Scene } from "./scene";
import { curve, MAP, sidesOf } from "./scene";

export function rowOf(scene: Scene) {
  function followBar() {
    const bar = element("div", "kw-bar kw-follow");
    const toggle = button("Follow a row", () => {
      if (scene.model.get("flow").nodes) scene.model.send({ type: "unfollow" });
      else go(Number(field.value) - 1);
    });
    toggle.title = "See the values of one sample on every node and curve";
    const field = element("input", "kw-input kw-numbers");
    Object.assign(field, { type: "number", min: "1", step: "1", value: "1" });
    field.setAttribute("aria-label", "Row of the table");
    field.addEventListener("input", () => field.value && go(Number(field.value) - 1));
    const said = element("span", "kw-quiet kw-numbers");
    said.setAttribute("role", "status");
    const maps = button(
      "Heat maps",
      () => scene.model.send({ type: "maps", on: !scene.model.get("maps").byteLength }),
      { kind: "kw-maps kw-push" },
    );
    maps.title =
      "Every node as a function of the two inputs: the first to the right, the second upwards, dark is high";
    bar.append(toggle, field, said, maps);

    function go(row: number) {
      scene.model.send({ type: "follow", row: Math.max(0, Math.min(Math.round(row), scene.graph.rows - 1)) });
    }

    function draw(flow: Flow | null) {
      toggle.setAttribute("aria-pressed", String(flow !== null));
      field.hidden = flow === null;
      field.max = String(scene.graph.rows);
      if (flow && document.activeElement !== field) field.value = String(flow.row + 1);
      maps.hidden = scene.graph.nodes.filter((n) => n.kind === "input").length !== 2;
      maps.setAttribute("aria-pressed", String(scene.model.get("maps").byteLength > 0));
      said.textContent = flow ? `of ${scene.graph.rows} · ${sayOutcome(flow)}` : "";
    }
    return { bar, draw };
  }

  function sayOutcome(flow: Flow) {
    if (typeof flow.true === "string") return `true ${scene.graph.target}: ${flow.true}`;
    const found = scene.graph.nodes
      .filter((n) => n.kind === "output")
      .sort((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));
    const said = found.map((n, i) => apart([flow.nodes[n.id], Number(flow.true[i])], 4));
    const [network, truth] = [0, 1].map((k) => said.map((pair) => pair[k]).join(", "));
    return `network ${network} · true ${truth}`;
  }

  /** The followed row: a value at every node, a dot on every curve. */
  function drawFlow() {
    const said = scene.model.get("flow");
    const known = said.nodes === undefined ? null : said;
    // While it trains, curves and values would be of two networks.
    const flow =
      isBusy(scene.model.get("state").status) || known?.edges.length !== scene.graph.edges.length
        ? null
        : known;
    scene.canvas.querySelector(".kw-flow")?.remove();
    following.draw(known);
    scene.root.dataset.row = flow ? String(flow.row + 1) : "";
    if (!flow) return;
    const layer = svg("g", { class: "kw-flow", "aria-hidden": "true" });
    for (const box of scene.layout.boxes)
      if (box.edge >= 0) layer.append(flowDot(box, flow.edges[box.edge][0]));
    for (const { x, y, node } of scene.layout.nodes.values()) {
      const [at, down, anchor] =
        node.kind === "input"
          ? [x - 14, y - 13, "end"]
          : node.kind === "output"
            ? [x + 5 + MAP / 2, y + 20, "start"]
            : [x, y - 14, "middle"];
      if (node.id in flow.nodes)
        layer.append(
          svg(
            "text",
            { class: "kw-flow-value", x: at, y: down, "text-anchor": anchor },
            readable(flow.nodes[node.id], 3),
          ),
        );
    }
    scene.canvas.append(layer);
  }

  /**
   * Where an input of an edge stands on its small curve.
   * @param value that enters the edge
   */
  function flowDot(box: Box, value: number) {
    const row = curve(scene, box.edge);
    const [across, down] = sidesOf(box);
    const last = row.length - 1;
    const place = scaleOf(scene.graph.edges[box.edge].domain, [0, last]).clamp(true)(value);
    const before = Math.min(Math.floor(place), last - 1);
    const height = row[before] + (place - before) * (row[before + 1] - row[before]);
    const [x, y] = [scaleOf([0, last], across)(place), scaleOf(extent(row), down)(height)];
    return svg("circle", { class: "kw-flow-dot", cx: x.toFixed(1), cy: y.toFixed(1), r: 4 });
  }

  const following = followBar();
  return { bar: following.bar, drawFlow };
}
