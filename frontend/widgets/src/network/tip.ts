/** What is known of an edge, beside the pointer. */
import { chart } from "../common/chart";
import { element, svg } from "../common/dom";
import { apart, readable } from "../common/numbers";
import { curveThrough, extent } from "../common/scales";
import type { Box, Scene } from "./scene";
import { curve, sayKind, titleOf } from "./scene";

export function tipOf(scene: Scene) {
  const tip = element("div", "kw-tip");
  tip.setAttribute("aria-hidden", "true");
  tip.hidden = true;
  scene.stage.append(tip);

  function showTip(box: Box) {
    const edge = scene.graph.edges[box.edge];
    const row = curve(scene, box.edge);
    const x = Float32Array.from(
      row,
      (_, i) => edge.domain[0] + ((edge.domain[1] - edge.domain[0]) * i) / Math.max(row.length - 1, 1),
    );
    const picture = chart({ width: 230, height: 140, x: extent(edge.domain), y: extent(row), label: "" });
    picture.node.append(
      svg("path", {
        class: edge.state === "fixed" ? "kw-fixed" : "kw-spline",
        d: curveThrough(x, row, picture.across, picture.down),
      }),
    );
    const [low, high] = extent(row);
    tip.replaceChildren(
      element("div", "kw-title", titleOf(scene, edge)),
      picture.node,
      element("div", "kw-quiet", `${sayKind(edge)} · strength ${readable(edge.score)}`),
      ...sayPassage(box.edge),
      element("div", "kw-quiet", `in ${apart(edge.domain).join(" to ")} · out spans ${readable(high - low)}`),
    );
    tip.hidden = false;
    const place = scene.stops.get(box.key)?.querySelector(".kw-box")?.getBoundingClientRect();
    const frame = scene.stage.getBoundingClientRect();
    if (!place) return;
    const below = place.bottom - frame.top + 6;
    const height = tip.offsetHeight;
    tip.style.left = `${Math.max(0, Math.min(place.left - frame.left - 80, frame.width - tip.offsetWidth))}px`;
    // Where there is room on neither side, it hangs over what is below the picture.
    const above = place.top - frame.top - height - 6;
    tip.style.top = `${below + height > frame.height && above >= 0 ? above : below}px`;
    for (const path of scene.canvas.querySelectorAll(`.kw-wire[data-edge="${box.edge}"]`))
      path.classList.add("kw-lit");
  }

  function sayPassage(i: number) {
    const flow = scene.model.get("flow");
    if (!flow.nodes || !scene.canvas.querySelector(".kw-flow")) return [];
    const [enters, leaves] = flow.edges[i];
    return [
      element("div", "kw-numbers", `row ${flow.row + 1}: ${readable(enters)} becomes ${readable(leaves)}`),
    ];
  }

  function hideTip() {
    tip.hidden = true;
    for (const path of scene.canvas.querySelectorAll(".kw-lit")) path.classList.remove("kw-lit");
  }

  return { showTip, hideTip };
}
