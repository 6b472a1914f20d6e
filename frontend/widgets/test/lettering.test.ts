import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { svg } from "../src/common/dom";
import { standalone } from "../src/common/files";
import { settled } from "../src/common/lettering";

const PEN = {
  measureText: (word: string) => ({
    width: 60 * word.length,
    fontBoundingBoxAscent: 50,
    fontBoundingBoxDescent: 20,
  }),
  fillText: vi.fn(),
};

// What jsdom has no fonts for.
beforeAll(() => {
  Object.assign(SVGElement.prototype, {
    getComputedTextLength: () => 42.25,
    getBBox: () => ({ x: 1, y: 2, width: 30, height: 12 }),
  });
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(PEN as never);
  vi.spyOn(HTMLCanvasElement.prototype, "toDataURL").mockReturnValue("data:image/png;base64,");
});
afterAll(() => vi.restoreAllMocks());

/** The picture of one word, as it goes to the kernel. */
function pictureOf(word: string) {
  const root = document.createElement("div");
  root.className = "kw";
  root.style.backgroundColor = "rgb(17, 17, 17)";
  const drawing = svg("svg");
  const text = svg("text", { x: 5, y: 10 }, word);
  text.append(svg("title", {}, "漢"));
  drawing.append(text);
  root.append(drawing);
  document.body.replaceChildren(root);
  const made = standalone(drawing, [0, 0, 100, 50], settled);
  return new DOMParser().parseFromString(made, "text/html");
}

describe("a word that is set elsewhere", () => {
  it.each(["mass", "θ₀ (°)", "Δφ → ∞", "плотность ρ", "łódź", "Tiếng Việt", "x² ≤ √2 · ½", "ħω ∈ ℝ"])(
    "stays a word of the same width: %s",
    (word) => {
      const text = pictureOf(word).querySelector("text");
      expect(text?.getAttribute("textLength")).toMatch(/^42\.[23]$/);
      expect(text?.style.fontFamily).toContain("DejaVu Sans");
    },
  );

  it.each(["温度 (K)", "🚀 speed", "حرارة", "x̄", "תאוצה"])("is a picture in other letters: %s", (word) => {
    const found = pictureOf(word);
    expect(found.querySelector("text")).toBeNull();
    const { href, ...place } = Object.fromEntries(
      ["x", "y", "width", "height", "href"].map((name) => [
        name,
        found.querySelector("image")?.getAttribute(name),
      ]),
    );
    expect(href).toMatch(/^data:image\/png/);
    expect(place).toEqual({ x: "1", y: "2", width: "30", height: "12" });
    expect(PEN.fillText).toHaveBeenLastCalledWith(word, 0, 50);
  });

  it("stands on the paper of the theme", () => {
    const paper = pictureOf("x").querySelector("rect");
    expect(paper?.getAttribute("fill")).toBe("rgb(17, 17, 17)");
    expect(paper?.getAttribute("width")).toBe("100");
  });
});
