/** With two inputs: under every node its values over their plane. */
import { svg } from "../common/dom";
import { floats, isBusy, readable } from "../common/numbers";
import { extent } from "../common/scales";
import type { Scene } from "./scene";
import { MAP, nameOf } from "./scene";

export function drawMaps(scene: Scene) {
  scene.canvas.querySelector(".kw-heat-maps")?.remove();
  const values = floats(scene.model.get("maps"));
  const size = values.length / scene.graph.nodes.length;
  if (!size || isBusy(scene.model.get("state").status)) return;
  const layer = svg("g", { class: "kw-heat-maps" });
  const colour = getComputedStyle(scene.root).getPropertyValue("--kw-accent");
  scene.graph.nodes.forEach((node, i) => {
    const place = scene.layout.nodes.get(node.id);
    if (!place || node.kind === "input") return;
    const map = values.subarray(i * size, (i + 1) * size);
    const [low, high] = extent(map);
    const at = { x: place.x - MAP / 2, y: place.y + 13, width: MAP, height: MAP };
    const picture = svg("image", {
      ...at,
      href: heat(map, colour),
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `${nameOf(node)} over the two inputs, from ${readable(low)} to ${readable(high)}`,
    });
    picture.append(svg("title", {}, `${nameOf(node)}: ${readable(low)} (light) to ${readable(high)} (dark)`));
    layer.append(svg("rect", { ...at, class: "kw-map-frame" }), picture);
  });
  scene.canvas.append(layer);
}

/** A square of values as a picture: the higher, the more of the colour; the last row is at the top. */
function heat(values: Float32Array, colour: string) {
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
