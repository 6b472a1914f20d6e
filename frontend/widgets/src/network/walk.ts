/** The keyboard in the picture: arrows walk along wires and within columns. */

import { isBusy } from "../common/numbers";
import type { Box, Scene } from "./scene";

const WALK: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export function walkIn(scene: Scene, zoom: (factor: number) => void) {
  scene.canvas.addEventListener("keydown", (event) => {
    const step = WALK[event.key];
    if (event.key === "+" || event.key === "=") zoom(1 / 1.3);
    else if (event.key === "-") zoom(1.3);
    else if (event.key === "0") scene.fitView();
    else if (event.key === "Delete") remove();
    else if (step) scene.stops.get(neighbour(scene.focused, ...step))?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  /** Take the edge or the node that has the focus out of the network. */
  function remove() {
    if (isBusy(scene.root.dataset.status ?? "")) return;
    const box = scene.layout.boxes.find((b) => b.key === scene.focused);
    const place = scene.layout.nodes.get(scene.focused)?.node.address;
    if (box && box.edge >= 0) scene.model.send({ type: "remove", edge: scene.graph.edges[box.edge].address });
    else if (place) scene.model.send({ type: "remove-node", level: place[0], node: place[1] });
  }

  const seen = (box: Box) =>
    !(
      scene.canvas.classList.contains("kw-hiding") && scene.stops.get(box.key)?.classList.contains("kw-gone")
    );

  /** Along wires to the left and right, within the column up and down. */
  function neighbour(key: string, across: number, down: number): string {
    const node = scene.layout.nodes.get(key);
    if (/^l\d+$/.test(key)) return besidePlus(Number(key.slice(1)), across, down);
    const box = scene.layout.boxes.find((b) => b.key === key);
    const here = node ?? box;
    if (!here) return scene.stops.keys().next().value ?? "";
    if (down) {
      const column = node
        ? [...scene.layout.nodes.values()]
            .filter((n) => n.x === node.x)
            .map((n) => ({ key: n.node.id, y: n.y }))
        : scene.layout.boxes.filter(
            (b) =>
              seen(b) &&
              scene.graph.edges[b.members[0]].address[0] ===
                scene.graph.edges[box?.members[0] ?? 0].address[0],
          );
      const ordered = column.sort((a, b) => a.y - b.y);
      const next = ordered[ordered.findIndex((o) => o.key === key) + down]?.key;
      const plus = node && down > 0 ? `l${Math.floor(node.node.column)}` : "";
      return next ?? (scene.stops.has(plus) ? plus : key);
    }
    if (box)
      return across < 0 ? scene.graph.edges[box.members[0]].from : scene.graph.edges[box.members[0]].to;
    const factor = scene.graph.factors.find(([from, to]) => (across > 0 ? from : to) === key);
    if (factor) return across > 0 ? factor[1] : factor[0];
    const near = scene.layout.boxes.filter(
      (b) =>
        seen(b) &&
        b.members.some((i) => (across > 0 ? scene.graph.edges[i].from : scene.graph.edges[i].to) === key),
    );
    const strength = (b: Box) => (b.edge < 0 ? -1 : scene.graph.edges[b.edge].score);
    return near.sort((a, b) => strength(b) - strength(a))[0]?.key ?? key;
  }

  /** From the plus below a layer: up to its lowest node, to the sides to the next plus, else as from that node. */
  function besidePlus(level: number, across: number, down: number): string {
    const lowest =
      [...scene.layout.nodes.values()]
        .filter(({ node }) => node.column === level)
        .sort((a, b) => b.y - a.y)[0]?.node.id ?? "";
    if (down) return down < 0 ? lowest : `l${level}`;
    return scene.stops.has(`l${level + across}`) ? `l${level + across}` : neighbour(lowest, across, 0);
  }
}
