// @vitest-environment node
import { describe, expect, it } from "vitest";
import { pdfFile } from "../src/pdf/file";
import { runsOf } from "../src/pdf/text";

describe("runsOf", () => {
  it("takes Helvetica for Latin letters and Symbol for Greek ones", () => {
    expect(runsOf("Aα", false)?.map((run) => [run.font, run.codes])).toEqual([
      ["F1", [65]],
      ["F3", [0x61]],
    ]);
  });
  it("widens a bold text", () =>
    expect(runsOf("abc", true)?.[0].width).toBeGreaterThan(runsOf("abc", false)?.[0].width ?? 0));
  it("knows what it cannot write", () => expect(runsOf("漢", false)).toBeNull());
});

describe("pdfFile", () => {
  const made = pdfFile({
    width: 100,
    height: 50,
    content: "0 0 m",
    opacities: [],
    rasters: [{ width: 1, height: 1, pixels: new Uint8ClampedArray([1, 2, 3, 4]) }],
    title: "σ",
  });

  it("lists where every object begins", async () => {
    const text = new TextDecoder("latin1").decode(await (await made).arrayBuffer());
    const table = Number(/startxref\n(\d+)/.exec(text)?.[1]);
    expect(text.slice(table, table + 4)).toBe("xref");
    const places = [...text.slice(table).matchAll(/(\d{10}) 00000 n/g)].map((found) => Number(found[1]));
    expect(places.length).toBeGreaterThan(8);
    for (const [i, place] of places.entries())
      expect(text.slice(place)).toMatch(new RegExp(`^${i + 1} 0 obj\n`));
  });
  it("writes titles in any script", async () => {
    expect(await (await made).text()).toContain("/Title <feff03c3>");
  });
});
