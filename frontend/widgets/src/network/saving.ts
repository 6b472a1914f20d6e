/** Files of the picture and of the graph. */

import { button, element } from "../common/dom";
import { download, standalone, toPng } from "../common/files";
import { toPdf } from "../pdf/drawing";
import type { Scene } from "./scene";

const MARGIN = 8;

export function savingOf(scene: Scene) {
  function saveMenu() {
    const menu = element("details", "kw-menu");
    const list = element("div", "kw-menu-list");
    for (const kind of ["svg", "pdf", "png", "graphml", "json"]) {
      list.append(
        button(
          kind.toUpperCase(),
          () => {
            menu.open = false;
            save(kind);
          },
          { kind: "kw-small", label: `Save as ${kind.toUpperCase()}` },
        ),
      );
    }
    menu.append(element("summary", "kw-button", "Save"), list);
    menu.addEventListener("focusout", (event) => {
      if (!menu.contains(event.relatedTarget as Element | null)) menu.open = false;
    });
    return menu;
  }

  const stem = () => `network-${scene.graph.target.replace(/[^\p{L}\p{N}]+/gu, "-")}`;

  async function save(kind: string) {
    if (kind === "json" || kind === "graphml") return scene.model.send({ type: "save", kind });
    scene.hideTip();
    // What adds layers is no part of the picture.
    scene.canvas.classList.add("kw-saving");
    const { x, y, width, height } = scene.canvas.getBBox();
    try {
      download(
        `${stem()}.${kind}`,
        await drawn(kind, [x - MARGIN, y - MARGIN, width + 2 * MARGIN, height + 2 * MARGIN]),
      );
    } catch (error) {
      scene.tell(error instanceof Error ? error.message : String(error), true);
    } finally {
      scene.canvas.classList.remove("kw-saving");
    }
  }

  /** @param box of what is drawn: left, top, width, height */
  async function drawn(kind: string, box: [number, number, number, number]) {
    if (kind === "pdf") return toPdf(scene.canvas, box, `Network of ${scene.graph.target}`);
    const text = standalone(scene.canvas, box);
    return kind === "svg" ? new Blob([text], { type: "image/svg+xml" }) : toPng(text, box[2], box[3]);
  }

  function receive(sent: { type: string; kind: string; text: string }) {
    if (sent.type === "file") download(`${stem()}.${sent.kind}`, sent.text);
  }

  return { menu: saveMenu(), receive };
}
