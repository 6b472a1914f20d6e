/** MathML. */

const MATHML = "http://www.w3.org/1998/Math/MathML";
const MATHML_ATTRIBUTES = new Set([
  "display",
  "mathvariant",
  "stretchy",
  "fence",
  "form",
  "separators",
  "open",
  "close",
  "linethickness",
]);

/** MathML that the kernel sent, as nodes. Only elements of MathML become elements; all else stays text. */
export function mathematics(markup: string) {
  const made = document.createDocumentFragment();
  // A document of its own neither runs nor loads what stands in it.
  made.append(...mathematicsOf(new DOMParser().parseFromString(markup, "text/html").body));
  return made;
}

function mathematicsOf(parent: Element): Node[] {
  return [...parent.childNodes].map((node) => {
    if (!(node instanceof Element) || node.namespaceURI !== MATHML)
      return document.createTextNode(node.textContent ?? "");
    const made = document.createElementNS(MATHML, node.localName);
    for (const { name, value } of node.attributes)
      if (MATHML_ATTRIBUTES.has(name)) made.setAttribute(name, value);
    made.append(...mathematicsOf(node));
    return made;
  });
}
