/** What can be added to a layer or a node, and taken away. */
import { button, element } from "../common/dom";
import { isBusy, readable } from "../common/numbers";
import type { Command } from "../model";
import type { Node, Scene } from "./scene";
import { nameOf } from "./scene";

export function editingOf(scene: Scene) {
  const panel = element("aside", "kw-editing");
  panel.setAttribute("aria-label", "Change the network");
  panel.hidden = true;
  let key = "";
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    close();
    scene.stops.get(scene.focused)?.focus();
  });

  /** @param of a node, or l and the number of a layer */
  function open(of: string) {
    scene.close();
    key = of;
    draw();
    const first = panel.querySelector<HTMLElement>("button, select");
    first?.focus({ preventScroll: true });
  }

  function close() {
    key = "";
    panel.hidden = true;
  }

  function draw() {
    if (!key) return;
    const level = /^l\d+$/.test(key) ? Number(key.slice(1)) : -1;
    const node = scene.graph.nodes.find((n) => n.id === key);
    if (!node && !(level >= 0 && level < scene.graph.depth)) return close();
    const active = document.activeElement;
    const held =
      active instanceof HTMLElement && panel.contains(active) ? (active.dataset.keep ?? "close") : "";
    const shut = button(
      "×",
      () => {
        close();
        scene.stops.get(scene.focused)?.focus();
      },
      { kind: "kw-small kw-push", label: "Close" },
    );
    shut.dataset.keep = "close";
    const head = element("div", "kw-bar");
    head.append(element("span", "kw-title kw-detail-title", node ? sayNode(node) : sayLayer(level)), shut);
    const acts = element("div", "kw-bar");
    acts.append(...(node ? forNode(node) : forLayer(level)));
    panel.hidden = false;
    panel.replaceChildren(
      head,
      element(
        "p",
        "kw-quiet",
        node ? sayEdges(node) : "What is added changes no prediction until it is trained.",
      ),
      acts,
    );
    const keep = (held && panel.querySelector(`[data-keep="${held}"]:not(:disabled)`)) as HTMLElement | null;
    if (held) (keep ?? shut).focus({ preventScroll: true });
  }

  function act(text: string, command: () => Command) {
    const made = button(text, () => scene.model.send(command()));
    made.dataset.keep = text;
    made.disabled = isBusy(scene.root.dataset.status ?? "");
    return made;
  }

  function forLayer(level: number) {
    const deeper = act("Add a layer after it", () => ({ type: "add-layer", level }));
    if (!level) return [deeper];
    return [
      act("Add a sum", () => ({ type: "add-node", level, kind: "sum" })),
      act("Add a product", () => ({ type: "add-node", level, kind: "product" })),
      deeper,
    ];
  }

  function forNode(node: Node) {
    const parts = joining(node);
    if (
      node.address &&
      node.kind !== "output" &&
      scene.graph.edges.some((e) => e.from === node.id || e.to === node.id)
    ) {
      const [level, number] = node.address;
      const gone = act(level ? "Remove this node" : "Take this input out", () => ({
        type: "remove-node",
        level,
        node: number,
      }));
      gone.title = "With all its edges; undo brings it back";
      gone.classList.add("kw-push");
      parts.push(gone);
    }
    return parts;
  }

  /** Edges that could lead to or from a node. */
  function joining(node: Node): HTMLElement[] {
    const possible = scene.graph.missing.filter((e) => e.from === node.id || e.to === node.id);
    if (!possible.length) return [];
    const choice = element("select", "kw-select");
    choice.setAttribute("aria-label", "Edge to add");
    choice.dataset.keep = "choice";
    possible.forEach((edge, i) => {
      const entry = element("option", "", `${nameById(edge.from)} → ${nameById(edge.to)}`);
      entry.value = String(i);
      choice.append(entry);
    });
    return [
      choice,
      act("Add this edge", () => ({ type: "reopen", edge: possible[Number(choice.value)].address })),
    ];
  }

  function nameById(id: string) {
    const node = scene.graph.nodes.find((n) => n.id === id);
    return node ? node.short || nameOf(node) : id;
  }

  function sayNode(node: Node) {
    return node.kind === "input" || node.kind === "output" ? `${node.kind} ${node.label}` : nameOf(node);
  }

  function sayLayer(level: number) {
    const count = scene.graph.nodes.filter((n) => n.address?.[0] === level).length;
    return level
      ? `Layer ${level}: ${count} ${count === 1 ? "node" : "nodes"}`
      : `${count} ${count === 1 ? "input" : "inputs"}`;
  }

  function sayEdges(node: Node) {
    const [into, out] = [
      scene.graph.edges.filter((e) => e.to === node.id).length,
      scene.graph.edges.filter((e) => e.from === node.id).length,
    ];
    const parts = [];
    if (node.kind !== "input") parts.push(`${into} in`);
    if (node.kind !== "output") parts.push(`${out} out`);
    const full = scene.graph.missing.some((e) => e.from === node.id || e.to === node.id)
      ? ""
      : ", joined to all that it can be";
    return `Edges: ${parts.join(", ")}${full}${node.importance === null ? "" : ` · importance ${readable(node.importance)}`}`;
  }

  return { panel, open, close, draw };
}
