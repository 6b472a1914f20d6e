/**
 * Text in the fonts that every PDF reader has: Helvetica for Latin letters, Symbol for Greek and signs.
 *
 * Widths are those of Adobe's font metrics, in thousandths of the size, from the space to the tilde.
 */

const PLAIN =
  "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584"
    .split(" ")
    .map(Number);
const BOLD =
  "278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944 667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 333 611 556 778 556 556 500 389 280 389 584"
    .split(" ")
    .map(Number);

/** Characters of Windows-1252 that are elsewhere in Unicode, with their codes. */
const WINDOWS: Record<string, number> = {
  "€": 0x80,
  "…": 0x85,
  "‘": 0x91,
  "’": 0x92,
  "“": 0x93,
  "”": 0x94,
  "–": 0x96,
  "—": 0x97,
};
/** Signs of Symbol: code and width. */
const SIGNS: Record<string, [number, number]> = {
  "−": [0x2d, 549],
  "√": [0xd6, 549],
  "→": [0xae, 987],
  "≤": [0xa3, 549],
  "≥": [0xb3, 549],
  "∞": [0xa5, 713],
  "≈": [0xbb, 549],
  "∂": [0xb6, 494],
};
const GREEK = ["ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", "αβχδεφγηιϕκλμνοπθρστυϖωξψζ"];
const GREEK_WIDTH = [680, 550];

/** Codes of one font, and how wide they are. */
export type Run = { font: "F1" | "F2" | "F3"; codes: number[]; width: number };

/** A text as runs of these fonts; null where it has a character that none of them has. */
export function runsOf(text: string, bold: boolean): Run[] | null {
  const found: Run[] = [];
  for (const letter of text) {
    const known = latin(letter, bold) ?? symbol(letter);
    if (!known) return null;
    const last = found.at(-1);
    if (last?.font === known.font) {
      last.codes.push(known.code);
      last.width += known.width;
    } else found.push({ font: known.font, codes: [known.code], width: known.width });
  }
  return found;
}

function latin(letter: string, bold: boolean) {
  const point = letter.codePointAt(0) ?? 0;
  const code = WINDOWS[letter] ?? ((point >= 32 && point < 127) || (point >= 160 && point < 256) ? point : 0);
  if (!code) return null;
  // An accent does not widen its letter; what is no letter is about as wide as a digit.
  const base = (letter.normalize("NFD").codePointAt(0) ?? 0) - 32;
  const width = letter === "…" || letter === "—" ? 1000 : ((bold ? BOLD : PLAIN)[base] ?? 556);
  return { font: (bold ? "F2" : "F1") as "F1" | "F2", code, width };
}

function symbol(letter: string) {
  const font = "F3" as const;
  if (SIGNS[letter]) return { font, code: SIGNS[letter][0], width: SIGNS[letter][1] };
  const row = GREEK.findIndex((letters) => letters.includes(letter));
  return row < 0
    ? null
    : { font, code: 0x41 + 32 * row + GREEK[row].indexOf(letter), width: GREEK_WIDTH[row] };
}
