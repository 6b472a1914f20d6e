// @ts-check
/** The keyboard in the picture: arrows walk along wires and within columns. */

/** @typedef {import("./scene.js").Scene} Scene */
/** @typedef {import("./scene.js").Box} Box */

/** @type {Record<string, [number, number]>} */
const WALK = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * @param {Scene} scene
 * @param {(factor: number) => void} zoom
 */
export function walkIn(scene, zoom) {
  scene.canvas.addEventListener("keydown", (event) => {
    const step = WALK[event.key];
    if (event.key === "+" || event.key === "=") zoom(1 / 1.3);
    else if (event.key === "-") zoom(1.3);
    else if (event.key === "0") scene.fitView();
    else if (step) scene.stops.get(neighbour(scene.focused, ...step))?.focus();
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
    const node = scene.layout.nodes.get(key);
    const box = scene.layout.boxes.find((b) => b.key === key);
    const here = node ?? box;
    if (!here) return scene.stops.keys().next().value ?? "";
    if (down) {
      const column = node ? [...scene.layout.nodes.values()].filter((n) => n.x === node.x).map((n) => ({ key: n.node.id, y: n.y })) : scene.layout.boxes.filter((b) => scene.graph.edges[b.members[0]].address[0] === scene.graph.edges[box?.members[0] ?? 0].address[0]);
      const ordered = column.sort((a, b) => a.y - b.y);
      return ordered[ordered.findIndex((o) => o.key === key) + down]?.key ?? key;
    }
    if (box) return across < 0 ? scene.graph.edges[box.members[0]].from : scene.graph.edges[box.members[0]].to;
    const factor = scene.graph.factors.find(([from, to]) => (across > 0 ? from : to) === key);
    if (factor) return across > 0 ? factor[1] : factor[0];
    const near = scene.layout.boxes.filter((b) => b.members.some((i) => (across > 0 ? scene.graph.edges[i].from : scene.graph.edges[i].to) === key));
    const strength = (/** @type {Box} */ b) => (b.edge < 0 ? -1 : scene.graph.edges[b.edge].score);
    return near.sort((a, b) => strength(b) - strength(a))[0]?.key ?? key;
  }
}
