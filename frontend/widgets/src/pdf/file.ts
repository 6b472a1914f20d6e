/** A PDF file of one page (ISO 32000-1): objects, streams, the table of where they are. */

/** Pixels as red, green, blue, opacity. */
export type Raster = { width: number; height: number; pixels: Uint8ClampedArray };

interface Page {
  /** In points. */
  width: number;
  height: number;
  /** Operators. */
  content: string;
  /** Entries of the states G0, G1, … */
  opacities: string[];
  /** Pictures I0, I1, … */
  rasters: Raster[];
  title: string;
}

export async function pdfFile({ width, height, content, opacities, rasters, title }: Page): Promise<Blob> {
  const objects: (string | { about: string; bytes: Uint8Array })[] = [];
  const add = (object: string | { about: string; bytes: Uint8Array }) => objects.push(object);
  const pictures = rasters.map((_, i) => 9 + 2 * i);
  add("<< /Type /Catalog /Pages 2 0 R >>");
  add("<< /Type /Pages /Kids [3 0 R] /Count 1 >>");
  add(
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${height}] /Contents 4 0 R /Resources << ` +
      `/Font << /F1 5 0 R /F2 6 0 R /F3 7 0 R >> /ExtGState << ${opacities.map((entry, i) => `/G${i} << ${entry} >>`).join(" ")} >> ` +
      `/XObject << ${pictures.map((number, i) => `/I${i} ${number} 0 R`).join(" ")} >> >> >>`,
  );
  add(await packedStream("", new TextEncoder().encode(content)));
  for (const name of ["Helvetica", "Helvetica-Bold"])
    add(`<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`);
  add("<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>");
  add(`<< /Title <${hex(title)}> /Producer (KAN Workbench) >>`);
  for (const [i, { width: across, height: down, pixels }] of rasters.entries()) {
    const size = `/Type /XObject /Subtype /Image /Width ${across} /Height ${down} /BitsPerComponent 8`;
    const colours = pixels.filter((_, place) => place % 4 < 3);
    add(
      await packedStream(
        `${size} /ColorSpace /DeviceRGB /SMask ${pictures[i] + 1} 0 R`,
        new Uint8Array(colours),
      ),
    );
    add(
      await packedStream(
        `${size} /ColorSpace /DeviceGray`,
        new Uint8Array(pixels.filter((_, place) => place % 4 === 3)),
      ),
    );
  }
  return assembled(objects);
}

/** @param about entries of its dictionary */
async function packedStream(about: string, bytes: Uint8Array) {
  const packed = new Blob([bytes as BlobPart]).stream().pipeThrough(new CompressionStream("deflate"));
  const found = new Uint8Array(await new Response(packed).arrayBuffer());
  return { about: `<< ${about} /Filter /FlateDecode /Length ${found.length} >>`, bytes: found };
}

/** The file; object 8 holds the title. */
function assembled(objects: (string | { about: string; bytes: Uint8Array })[]) {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  let length = 0;
  const put = (part: string | Uint8Array) => {
    const bytes = typeof part === "string" ? encoder.encode(part) : part;
    parts.push(bytes);
    length += bytes.length;
  };
  put("%PDF-1.4\n");
  const places = objects.map((object, i) => {
    const place = length;
    put(`${i + 1} 0 obj\n`);
    if (typeof object === "string") put(object);
    else [object.about, "\nstream\n", object.bytes, "\nendstream"].forEach(put);
    put("\nendobj\n");
    return place;
  });
  const table = length;
  put(
    `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("")}`,
  );
  put(`trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 8 0 R >>\nstartxref\n${table}\n%%EOF\n`);
  return new Blob(parts as BlobPart[], { type: "application/pdf" });
}

/** UTF-16 with its mark, as a PDF's own texts are written. */
function hex(text: string) {
  const units = Array.from({ length: text.length }, (_, i) =>
    text.charCodeAt(i).toString(16).padStart(4, "0"),
  );
  return `feff${units.join("")}`;
}
