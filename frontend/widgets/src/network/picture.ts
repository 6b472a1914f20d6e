/** The drawing: wires, curves, nodes, bundles; each of them is something that the keyboard stops at. */
import { svg } from "../common/dom";
import { floats, readable } from "../common/numbers";
import { curveIn } from "../common/scales";
import { laidOut } from "./layout";
import type { Box, Node, Scene } from "./scene";
import { BOX, curve, FOOT, NODE, nameOf, plain, quality, sayKind, sidesOf, titleOf } from "./scene";

/** @param drawn called after the whole graph was drawn anew */
export function pictureOf(scene: Scene, drawn: () => void) {
  const pen = document.createElement("canvas").getContext("2d") as CanvasRenderingContext2D;
  /** Names may be in letters of any width. */
  function widthOf(name: string) {
    pen.font = getComputedStyle(scene.root).font;
    return pen.measureText(name).width;
  }

  const drawGraph = () => {
    draw();
    drawn();
  };

  function draw() {
    scene.graph = scene.model.get("graph");
    scene.curves = floats(scene.model.get("curves"));
    scene.room = scene.stage.clientWidth || 900;
    scene.layout = laidOut(scene.graph, scene.opened, scene.room, widthOf);
    scene.stops = new Map();
    scene.canvas.replaceChildren();
    const wires = svg("g", { class: "kw-wires" });
    const front = svg("g");
    scene.canvas.append(wires, front);
    const strongest = Math.max(...scene.graph.edges.map((e) => e.score), 1e-300);
    for (const [from, to] of scene.graph.factors) {
      const [a, b] = [scene.layout.nodes.get(from), scene.layout.nodes.get(to)];
      if (a && b)
        wires.append(
          svg("path", {
            class: "kw-wire",
            d: `M${a.x} ${a.y}L${b.x} ${b.y}`,
            "data-from": from,
            "data-to": to,
          }),
        );
    }
    for (const box of scene.layout.boxes) {
      for (const path of wiresOf(box, strongest)) wires.append(path);
      front.append(box.edge >= 0 ? drawEdge(box) : drawBundle(box));
    }
    const important = Math.max(...scene.graph.nodes.map((n) => n.importance ?? 0), 1e-300);
    for (const { x, y, node } of scene.layout.nodes.values()) front.append(drawNode(x, y, node, important));
    for (let level = 0; level < scene.graph.depth; level++) front.append(drawPlus(level));
    anchor();
    drawCurves();
  }

  function* wiresOf(box: Box, strongest: number) {
    const [left, right] = [box.x - BOX.width / 2, box.x + BOX.width / 2];
    for (const i of box.members) {
      const edge = scene.graph.edges[i];
      const [a, b] = [scene.layout.nodes.get(edge.from), scene.layout.nodes.get(edge.to)];
      if (!a || !b) continue;
      const share = Math.sqrt(edge.score / strongest);
      const bundled = box.edge < 0;
      const look = bundled
        ? "stroke-width:.8;stroke-opacity:.22"
        : `stroke-width:${(0.8 + 2.8 * share).toFixed(2)};stroke-opacity:${(0.25 + 0.75 * share).toFixed(2)}`;
      const into = `M${a.x} ${a.y}C${(a.x + left) / 2} ${a.y} ${(a.x + left) / 2} ${box.y} ${left} ${box.y}`;
      const out = `M${right} ${box.y}C${(right + b.x) / 2} ${box.y} ${(right + b.x) / 2} ${b.y} ${b.x} ${b.y}`;
      const once = bundled && i !== box.members[0];
      yield svg("path", {
        class: "kw-wire",
        d: once ? into : into + out,
        style: look,
        "data-edge": i,
        "data-from": edge.from,
        "data-to": edge.to,
      });
    }
  }

  function drawEdge(box: Box) {
    const edge = scene.graph.edges[box.edge];
    const [left, top] = [box.x - BOX.width / 2, box.y - BOX.height / 2];
    const fixed = edge.state === "fixed";
    const text = fixed
      ? plain(edge.function)
      : edge.function
        ? `${plain(edge.function)} ${quality(edge.r2)}`
        : "";
    const group = stop(
      box.key,
      `${titleOf(scene, edge)}, ${sayKind(edge)}, strength ${readable(edge.score)}`,
      "kw-edge",
      () => scene.select(box.edge),
    );
    group.dataset.edge = String(box.edge);
    group.dataset.state = edge.state;
    group.append(
      svg("rect", { class: "kw-box", x: left, y: top, width: BOX.width, height: BOX.height, rx: 6 }),
      svg("path", { class: fixed ? "kw-fixed" : "kw-spline" }),
    );
    if (fixed) group.append(lock(box.x + BOX.width / 2 - 11, top + 4));
    const label = svg(
      "text",
      { class: fixed ? "kw-name" : "kw-tick", x: box.x, y: top + BOX.height + 12, "text-anchor": "middle" },
      text,
    );
    group.append(
      label,
      svg(
        "text",
        { class: "kw-gone-mark", x: box.x, y: top + BOX.height + 12, "text-anchor": "middle" },
        "goes",
      ),
    );
    group.addEventListener("pointerenter", () => scene.showTip(box));
    group.addEventListener("pointerleave", scene.hideTip);
    return group;
  }

  function drawBundle(box: Box) {
    const into = scene.graph.edges[box.members[0]].to;
    const target = scene.layout.nodes.get(into);
    const count = box.members.length;
    const group = stop(
      box.key,
      `${count} weaker edges into ${target ? nameOf(target.node) : into}: show them`,
      "kw-bundle",
      () => {
        scene.opened.add(into);
        scene.drafts.keep("opened", [...scene.opened]);
        scene.drafts.drop("zoom");
        scene.focused = `e${box.members[0]}`;
        scene.fitted = true;
        drawGraph();
        scene.stops.get(scene.focused)?.focus();
      },
    );
    group.dataset.count = String(count);
    const [left, top] = [box.x - BOX.width / 2 + 8, box.y - BOX.height / 2 + 10];
    for (const shift of [8, 4, 0])
      group.append(
        svg("rect", {
          class: "kw-box",
          x: left + shift,
          y: top + 4 - shift,
          width: BOX.width - 24,
          height: BOX.height - 20,
          rx: 6,
        }),
      );
    group.append(
      svg(
        "text",
        { class: "kw-name", x: left + BOX.width / 2 - 12, y: box.y + 5, "text-anchor": "middle" },
        `+${count}`,
      ),
    );
    return group;
  }

  function drawNode(x: number, y: number, node: Node, important: number) {
    const idle =
      !scene.graph.edges.some((e) => e.from === node.id || e.to === node.id) &&
      !scene.graph.factors.some((f) => f.includes(node.id));
    const share = node.importance === null ? "" : `, importance ${readable(node.importance)}`;
    const group = stop(
      node.id,
      `${node.kind} ${nameOf(node)}${share}${idle ? ", unused" : ""}`,
      `kw-node kw-${node.kind}${idle ? " kw-idle" : ""}`,
      () => scene.edit(node.id),
    );
    const outer = node.kind === "input" || node.kind === "output";
    group.append(
      svg("circle", {
        cx: x,
        cy: y,
        r: outer ? NODE.radius - 2 : NODE.radius + 1,
        class: outer ? "kw-disc" : "kw-ring",
      }),
    );
    if (!outer)
      group.append(
        svg(
          "text",
          { class: "kw-sign", x, y: y + 5, "text-anchor": "middle" },
          node.kind === "product" ? "×" : "+",
        ),
      );
    if (outer) {
      const [at, anchor] = node.kind === "input" ? [x - 14, "end"] : [x + 14, "start"];
      const label = svg(
        "text",
        { class: "kw-column", x: at, y: y + (node.importance === null ? 4 : 1), "text-anchor": anchor },
        node.short,
      );
      label.append(svg("title", {}, node.label));
      group.append(label);
    }
    if (node.importance !== null) {
      const length = (54 * node.importance) / important;
      group.append(
        svg("rect", { class: "kw-importance-room", x: x - 68, y: y + 7, width: 54, height: 4, rx: 2 }),
      );
      group.append(
        svg("rect", {
          class: "kw-importance",
          x: x - 14 - length,
          y: y + 7,
          width: length,
          height: 4,
          rx: 2,
        }),
      );
    }
    group.addEventListener("pointerenter", () => highlight(node.id));
    group.addEventListener("pointerleave", () => highlight(""));
    return group;
  }

  /** Below a layer of nodes: what can be added there. */
  function drawPlus(level: number) {
    const x = [...scene.layout.nodes.values()].find(({ node }) => node.column === level)?.x ?? 0;
    const y = scene.layout.height - FOOT / 2;
    const label = level ? `Layer ${level}: add a node or a layer` : "Inputs: add a layer after them";
    const group = stop(`l${level}`, label, "kw-plus", () => scene.edit(`l${level}`));
    group.append(
      svg("circle", { cx: x, cy: y, r: 9 }),
      svg("path", { d: `M${x - 4} ${y}H${x + 4}M${x} ${y - 4}V${y + 4}` }),
      svg("title", {}, label),
    );
    return group;
  }

  /** Exactly one thing in the picture can be reached with Tab: the last that had the focus, if it is seen. */
  function anchor() {
    const seen = (group: SVGElement | undefined) =>
      group && !(scene.canvas.classList.contains("kw-hiding") && group.classList.contains("kw-gone"));
    if (!seen(scene.stops.get(scene.focused)))
      scene.focused = [...scene.stops].find(([, group]) => seen(group))?.[0] ?? "";
    for (const [key, group] of scene.stops)
      group.setAttribute("tabindex", key === scene.focused ? "0" : "-1");
  }

  /** Something that the keyboard stops at. */
  function stop(key: string, label: string, kind: string, action: () => void) {
    const group = svg("g", {
      class: kind,
      tabindex: -1,
      role: "button",
      "aria-label": label,
      "data-key": key,
    });
    group.addEventListener("click", () => {
      if (!scene.moved) action();
    });
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        action();
      }
    });
    group.addEventListener("focus", () => {
      scene.stops.get(scene.focused)?.setAttribute("tabindex", "-1");
      scene.focused = key;
      group.setAttribute("tabindex", "0");
      const box = scene.layout.boxes.find((b) => b.key === key);
      if (box && box.edge >= 0 && group.matches(":focus-visible")) scene.showTip(box);
      if (!box && scene.layout.nodes.has(key)) highlight(key);
    });
    group.addEventListener("blur", () => {
      scene.hideTip();
      highlight("");
    });
    scene.stops.set(key, group);
    return group;
  }

  function drawCurves() {
    scene.curves = floats(scene.model.get("curves"));
    for (const box of scene.layout.boxes) {
      if (box.edge < 0) continue;
      const drawn = scene.stops.get(box.key)?.querySelector(":scope > path");
      drawn?.setAttribute("d", curveIn(curve(scene, box.edge), ...sidesOf(box)));
    }
  }

  /** @param id of a node, or "" */
  function highlight(id: string) {
    scene.canvas.classList.toggle("kw-focussed", id !== "");
    for (const path of scene.canvas.querySelectorAll(".kw-wire")) {
      const { from, to } = (path as SVGElement).dataset;
      path.classList.toggle("kw-lit", id !== "" && (from === id || to === id));
    }
  }

  return { drawGraph, drawCurves, highlight, anchor };
}

/** A padlock: locked edges are told apart without colour. */
function lock(x: number, y: number) {
  const group = svg("g", { class: "kw-lock", transform: `translate(${x} ${y})` });
  group.append(
    svg("rect", { x: 0, y: 3.5, width: 7, height: 5.5, rx: 1 }),
    svg("path", { d: "M1.5 3.5V2.5a2 2 0 0 1 4 0v1" }),
  );
  return group;
}
