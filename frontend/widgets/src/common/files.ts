/** Texts and pictures that leave the page. */
import { button, element, SVG, svg } from "./dom";

/** A button that copies a text and says so. */
export function copy(label: string, text: () => string) {
  const made = button(
    label,
    async () => {
      made.textContent = (await copied(text())) ? "Copied" : "Could not copy";
      setTimeout(() => (made.textContent = label), 1500);
    },
    { local: true },
  );
  made.dataset.keep = "copy";
  return made;
}

/** Into the clipboard; pages without a secure address have only the old way. */
async function copied(text: string) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = element("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

/** Hand a file to the browser. */
export function download(name: string, content: Blob | string) {
  const url = URL.createObjectURL(
    typeof content === "string" ? new Blob([content], { type: "text/plain" }) : content,
  );
  const link = element("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

const PAINTED = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "opacity",
  "font-size",
  "font-family",
  "font-weight",
  "visibility",
  "display",
  "paint-order",
  "stroke-linejoin",
];

/**
 * A drawing that stands alone: theme colours are written into it, and what is hidden is left out.
 * @param box left, top, width, height
 * @param settle what else is done to a text, given with its copy
 */
export function standalone(
  drawing: SVGElement,
  box: [number, number, number, number],
  settle: (text: SVGTextElement, copy: SVGElement) => void = () => undefined,
) {
  const copy = drawing.cloneNode(true) as SVGElement;
  const [originals, copies] = [drawing, copy].map((root) => [root, ...root.querySelectorAll("*")]);
  originals.forEach((original, i) => {
    const style = getComputedStyle(original);
    copies[i].setAttribute(
      "style",
      PAINTED.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"),
    );
    for (const name of ["tabindex", "role", "class"]) copies[i].removeAttribute(name);
  });
  for (const [i, original] of originals.entries()) {
    if (getComputedStyle(original).display === "none") copies[i].remove();
    else if (original.matches("text")) settle(original as SVGTextElement, copies[i] as SVGElement);
  }
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("viewBox", box.join(" "));
  const [x, y, width, height] = box;
  const fill = getComputedStyle(drawing.closest(".kw") as Element).backgroundColor;
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  copy.prepend(svg("rect", { x, y, width, height, fill }));
  return new XMLSerializer().serializeToString(copy);
}

/** @param text of an SVG */
export function toPng(text: string, width: number, height: number): Promise<Blob> {
  const picture = new Image();
  return new Promise((resolve, reject) => {
    picture.onload = () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [2 * width, 2 * height];
      canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) =>
        blob ? resolve(blob) : reject(new Error("the picture is too large for a PNG")),
      );
    };
    picture.onerror = () => reject(new Error("the picture could not be drawn"));
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  });
}
