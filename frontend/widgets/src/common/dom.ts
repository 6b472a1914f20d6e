/** Elements of the page. */

export const SVG = "http://www.w3.org/2000/svg";

export function svg<Name extends keyof SVGElementTagNameMap>(
  name: Name,
  attributes: Record<string, string | number> = {},
  text?: string,
): SVGElementTagNameMap[Name] {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  if (text !== undefined) node.textContent = text;
  return node;
}

/** @param kind class */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  kind = "",
  text = "",
): HTMLElementTagNameMap[Name] {
  const node = document.createElement(name);
  if (kind) node.className = kind;
  if (text) node.textContent = text;
  return node;
}

interface ButtonOptions {
  kind?: string;
  /** For screen readers, and as a hint. */
  label?: string;
  /** Whether it works without a kernel. */
  local?: boolean;
}

/** What scrolls, so that it can be reached by keys and has a name. */
export function region<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  kind: string,
  label: string,
  text = "",
): HTMLElementTagNameMap[Name] {
  const node = element(name, kind, text);
  node.tabIndex = 0;
  node.setAttribute("role", "region");
  node.setAttribute("aria-label", label);
  return node;
}

export function button(
  text: string,
  action: () => void,
  { kind = "", label = "", local = false }: ButtonOptions = {},
) {
  const node = element("button", `kw-button ${kind}`.trim(), text);
  node.type = "button";
  if (local) node.dataset.local = "";
  if (label) {
    node.title = label;
    node.setAttribute("aria-label", label);
  }
  node.addEventListener("click", action);
  return node;
}
