/** Files of the picture and of the graph. */

import { button, element } from "../common/dom";
import { download, standalone, toPng } from "../common/files";
import { settled } from "../common/lettering";
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
    const size: [number, number] = [width + 2 * MARGIN, height + 2 * MARGIN];
    const picture = standalone(
      scene.canvas,
      [x - MARGIN, y - MARGIN, ...size],
      kind === "pdf" ? settled : undefined,
    );
    scene.canvas.classList.remove("kw-saving");
    if (kind === "pdf") return scene.model.send({ type: "save", kind, picture });
    try {
      const svg = new Blob([picture], { type: "image/svg+xml" });
      download(`${stem()}.${kind}`, kind === "svg" ? svg : await toPng(picture, ...size));
    } catch (error) {
      scene.tell(error instanceof Error ? error.message : String(error), true);
    }
  }

  function receive(sent: { type: string; kind: string; text?: string }, [file]: DataView[]) {
    if (sent.type !== "file") return;
    const content = sent.text ?? new Blob([file as BlobPart], { type: "application/pdf" });
    download(`${stem()}.${sent.kind}`, content);
  }

  return { menu: saveMenu(), receive };
}
