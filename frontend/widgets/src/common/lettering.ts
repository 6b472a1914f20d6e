/** Words of a picture that is set with the fonts of another machine. */
import { svg } from "./dom";

/** Fonts like those of the page; the kernel's machine may have one of them. */
const FONTS = "Segoe UI, Helvetica, Arial, Liberation Sans, DejaVu Sans, Noto Sans, sans-serif";

/** Latin, Greek and Cyrillic letters and signs of mathematics: the kernel has a font for them in any case. */
const LETTERS =
  /^[ -~\u00a0-\u024f\u0370-\u0481\u048a-\u04ff\u1e00-\u1eff\u2010-\u2027\u2030-\u205e\u2070-\u209c\u20a0-\u20bf\u2100-\u214f\u2190-\u22ff]*$/;

/** Pixels of the picture of a word to one of the page. */
const FINE = 6;

/** Give a word the width that it has on the page; a word in other letters becomes what is seen there. */
export function settled(text: SVGTextElement, copy: SVGElement) {
  const words = [...text.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
  const word = words.map((node) => node.textContent).join("");
  if (!word.trim()) return;
  if (!LETTERS.test(word)) return copy.replaceWith(pictured(text, word));
  copy.style.fontFamily = FONTS;
  copy.setAttribute("textLength", text.getComputedTextLength().toFixed(1));
  copy.setAttribute("lengthAdjust", "spacingAndGlyphs");
}

function pictured(text: SVGTextElement, word: string) {
  const style = getComputedStyle(text);
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
  const font = `${style.fontWeight} ${FINE * parseFloat(style.fontSize)}px ${style.fontFamily}`;
  pen.font = font;
  const { width, fontBoundingBoxAscent: above, fontBoundingBoxDescent: below } = pen.measureText(word);
  [canvas.width, canvas.height] = [Math.ceil(width), Math.ceil(above + below)];
  // Another size has taken the font away.
  pen.font = font;
  pen.fillStyle = style.fill;
  pen.fillText(word, 0, above);
  const { x, y, width: across, height: down } = text.getBBox();
  const box = { x, y, width: across, height: down };
  return svg("image", { ...box, href: canvas.toDataURL(), opacity: style.opacity, "aria-label": word });
}
