// @ts-check
/** Files of the picture and of the graph. */
import { toPdf } from "../pdf/drawing.js";
import { button, download, element, standalone, toPng } from "../shared.js";
import { FOOT } from "./scene.js";

/** @typedef {import("./scene.js").Scene} Scene */

/** @param {Scene} scene */
export function savingOf(scene) {
  function saveMenu() {
    const menu = element("details", "kw-menu");
    const list = element("div", "kw-menu-list");
    for (const kind of ["svg", "pdf", "png", "graphml", "json"]) {
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

  const stem = () => `network-${scene.graph.target.replace(/[^\p{L}\p{N}]+/gu, "-")}`;

  /** @param {string} kind */
  async function save(kind) {
    if (kind === "json" || kind === "graphml") return scene.model.send({ type: "save", kind });
    scene.hideTip();
    // What adds layers is no part of the picture.
    scene.canvas.classList.add("kw-saving");
    const [width, height] = [Math.ceil(scene.layout.width), Math.ceil(scene.layout.height - FOOT)];
    try {
      download(`${stem()}.${kind}`, await drawn(kind, width, height));
    } catch (error) {
      scene.tell(error instanceof Error ? error.message : String(error), true);
    } finally {
      scene.canvas.classList.remove("kw-saving");
    }
  }

  /**
   * @param {string} kind
   * @param {number} width
   * @param {number} height
   */
  async function drawn(kind, width, height) {
    if (kind === "pdf") return toPdf(scene.canvas, width, height, `Network of ${scene.graph.target}`);
    const text = standalone(scene.canvas, [0, 0, width, height]);
    return kind === "svg" ? new Blob([text], { type: "image/svg+xml" }) : toPng(text, width, height);
  }

  /** @param {{ type: string, kind: string, text: string }} sent */
  function receive(sent) {
    if (sent.type === "file") download(`${stem()}.${sent.kind}`, sent.text);
  }

  return { menu: saveMenu(), receive };
}
