// @ts-check
/** Files of the picture and of the graph. */
import { button, download, element, standalone, toPng } from "../shared.js";

/** @typedef {import("./scene.js").Scene} Scene */

/** @param {Scene} scene */
export function savingOf(scene) {
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

  const stem = () => `network-${scene.graph.target.replace(/[^\p{L}\p{N}]+/gu, "-")}`;

  /** @param {string} kind */
  async function save(kind) {
    if (kind === "json" || kind === "graphml") return scene.model.send({ type: "save", kind });
    scene.hideTip();
    const text = standalone(scene.canvas, [0, 0, Math.ceil(scene.layout.width), Math.ceil(scene.layout.height)]);
    try {
      download(`${stem()}.${kind}`, kind === "svg" ? new Blob([text], { type: "image/svg+xml" }) : await toPng(text, scene.layout.width, scene.layout.height));
    } catch (error) {
      scene.tell(error instanceof Error ? error.message : String(error), true);
    }
  }

  /** @param {{ type: string, kind: string, text: string }} sent */
  function receive(sent) {
    if (sent.type === "file") download(`${stem()}.${sent.kind}`, sent.text);
  }

  return { menu: saveMenu(), receive };
}
