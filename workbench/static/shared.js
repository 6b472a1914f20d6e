// @ts-check
/** What all widgets share: elements, numbers for people, charts, files. Inlined by the kernel. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} name
 * @param {Record<string, string | number>} [attributes]
 * @param {string} [text]
 */
export function svg(name, attributes = {}, text) {
  const node = /** @type {SVGElement} */ (document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  if (text !== undefined) node.textContent = text;
  return node;
}

/**
 * @param {string} name
 * @param {string} [kind] class
 * @param {string} [text]
 */
export function element(name, kind = "", text = "") {
  const node = document.createElement(name);
  if (kind) node.className = kind;
  if (text) node.textContent = text;
  return node;
}

const MATHML = "http://www.w3.org/1998/Math/MathML";
const MATHML_ATTRIBUTES = new Set(["display", "mathvariant", "stretchy", "fence", "form", "separators", "open", "close", "linethickness"]);

/**
 * MathML that the kernel sent, as nodes. Only elements of MathML become elements; all else stays text.
 * @param {string} markup
 */
export function mathematics(markup) {
  const made = document.createDocumentFragment();
  // A document of its own neither runs nor loads what stands in it.
  made.append(...mathematicsOf(new DOMParser().parseFromString(markup, "text/html").body));
  return made;
}

/**
 * @param {Element} parent
 * @returns {Node[]}
 */
function mathematicsOf(parent) {
  return [...parent.childNodes].map((node) => {
    if (!(node instanceof Element) || node.namespaceURI !== MATHML) return document.createTextNode(node.textContent ?? "");
    const made = document.createElementNS(MATHML, node.localName);
    for (const { name, value } of node.attributes) if (MATHML_ATTRIBUTES.has(name)) made.setAttribute(name, value);
    made.append(...mathematicsOf(node));
    return made;
  });
}

/**
 * @param {string} text
 * @param {() => void} action
 * @param {{ kind?: string, label?: string, local?: boolean }} [more] label for screen readers and as a
 *   hint; local: it works without a kernel
 */
export function button(text, action, { kind = "", label = "", local = false } = {}) {
  const node = /** @type {HTMLButtonElement} */ (element("button", `kw-button ${kind}`.trim(), text));
  node.type = "button";
  if (local) node.dataset.local = "";
  if (label) {
    node.title = label;
    node.setAttribute("aria-label", label);
  }
  node.addEventListener("click", action);
  return node;
}

/**
 * Floats of a binary trait; a copy, because the view may not be aligned.
 * @param {DataView | undefined} view
 */
export function floats(view) {
  if (!view || !view.byteLength) return new Float32Array();
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

/**
 * A number for people.
 * @param {number} value
 * @param {number} [digits]
 */
export function readable(value, digits = 3) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-3 ? value.toExponential(digits - 1).replace(/\.?0+e\+?/, "e") : String(+value.toPrecision(digits));
  return text.replace("-", "−");
}

/**
 * A long text with its middle left out.
 * @param {string} text
 * @param {number} longest
 */
export function shortened(text, longest) {
  if (text.length <= longest) return text;
  const half = Math.floor((longest - 1) / 2);
  return `${text.slice(0, half)}…${text.slice(-half)}`;
}

/**
 * Three to six round numbers between two others.
 * @param {number} low
 * @param {number} high
 */
export function ticks(low, high) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const size = 10 ** Math.floor(Math.log10(span));
  const step = [0.1, 0.2, 0.5, 1, 2, 5].map((f) => f * size).find((s) => span / s <= 5) ?? size;
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i <= high / step + 1e-9; i++) found.push(i * step);
  return found;
}

/**
 * Lowest and highest finite value; never an empty range.
 * @param {Iterable<number>} values
 * @returns {[number, number]}
 */
export function extent(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(low <= high)) return [0, 1];
  if (high - low < 1e-12 * Math.max(1, Math.abs(low))) return [low - 0.5, high + 0.5];
  return [low, high];
}

/**
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} y
 * @param {(value: number) => number} across
 * @param {(value: number) => number} down
 */
export function points(x, y, across, down) {
  const parts = [];
  for (let i = 0; i < x.length; i++) {
    if (Number.isFinite(y[i])) parts.push(`${across(x[i]).toFixed(1)},${down(y[i]).toFixed(1)}`);
  }
  return parts.join(" ");
}

/**
 * A chart with axes, ticks and labels; ``logarithmic`` axes take logarithms to base ten.
 * @param {{ width: number, height: number, x: [number, number], y: [number, number], xLabel?: string,
 *   yLabel?: string, label: string, logX?: boolean, logY?: boolean, head?: number }} options
 *   head: room above the plot, for a legend that no curve can run into
 */
export function chart({ width, height, x, y, xLabel = "", yLabel = "", label, logX = false, logY = false, head = 0 }) {
  const node = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "kw-chart", role: "img", "aria-label": label });
  const [left, right, top, bottom] = [yLabel ? 58 : 44, width - 10, 8 + head, height - (xLabel ? 34 : 20)];
  /** @param {number} value */
  const across = (value) => left + ((right - left) * (value - x[0])) / (x[1] - x[0] || 1);
  /** @param {number} value */
  const down = (value) => bottom - ((bottom - top) * (value - y[0])) / (y[1] - y[0] || 1);
  for (const value of logX ? decades(x) : ticks(...x)) {
    node.append(svg("text", { class: "kw-tick", x: across(value), y: bottom + 14, "text-anchor": "middle" }, readable(logX ? 10 ** value : value, 2)));
  }
  for (const value of logY ? decades(y) : ticks(...y)) {
    node.append(svg("path", { class: "kw-grid", d: `M${left} ${down(value)}H${right}` }));
    node.append(svg("text", { class: "kw-tick", x: left - 5, y: down(value) + 4, "text-anchor": "end" }, readable(logY ? 10 ** value : value, 2)));
  }
  node.append(svg("path", { class: "kw-axis", d: `M${left} ${top}V${bottom}H${right}` }));
  if (xLabel) node.append(svg("text", { class: "kw-label", x: (left + right) / 2, y: height - 4, "text-anchor": "middle" }, xLabel));
  if (yLabel) node.append(svg("text", { class: "kw-label", transform: `translate(12 ${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, yLabel));
  return { node, across, down, left, right, top, bottom };
}

/** @param {[number, number]} range of logarithms */
function decades([low, high]) {
  if (high - low < 1.2) return [low, (low + high) / 2, high];
  const every = Math.ceil((high - low) / 5);
  const found = [];
  for (let value = Math.ceil(low); value <= high; value += every) found.push(value);
  return found;
}

/**
 * Whether a job is under way.
 * @param {string} status
 */
export const isBusy = (status) => ["running", "paused", "stopping"].includes(status);

/** While a button is pressed: what lets it go. A press that ends elsewhere counts for some seconds. */
let pressed = /** @type {AbortController | null} */ (null);
const LONGEST_PRESS = 3000;

function letGo() {
  pressed?.abort();
  pressed = null;
}

/** @param {Event} event */
function press(event) {
  if (!(event.target instanceof Element) || !event.target.closest("button")) return;
  letGo();
  const mine = (pressed = new AbortController());
  for (const type of ["pointerup", "pointercancel"]) document.addEventListener(type, letGo, { capture: true, signal: mine.signal });
  setTimeout(() => pressed === mine && letGo(), LONGEST_PRESS);
}

/**
 * Traits of one message arrive one after the other: draw once, when all are there, and never take
 * away a button between its press and its click.
 * @param {() => void} draw
 */
function painter(draw) {
  let waiting = 0;
  const frame = () => {
    waiting = pressed ? requestAnimationFrame(frame) : 0;
    if (!waiting) draw();
  };
  return {
    soon() {
      if (!waiting) waiting = requestAnimationFrame(frame);
    },
    stop() {
      cancelAnimationFrame(waiting);
    },
  };
}

/**
 * The frame of a view: its root, what was typed and not yet used, whether the kernel is there. All
 * that is added with ``signal`` or ``on`` ends with ``end``, which the host calls.
 * @typedef {ReturnType<typeof frameOf>} Frame
 * @param {{ model: any, el: HTMLElement }} context
 * @param {string} kind class
 * @param {string} label
 */
export function frameOf({ model, el }, kind, label) {
  const ending = new AbortController();
  const { signal } = ending;
  const root = element("section", `kw ${kind}`);
  root.setAttribute("aria-label", label);
  el.append(root);
  root.addEventListener("pointerdown", press, { capture: true, signal });
  /** @param {string} event @param {(...said: any[]) => void} handler */
  const on = (event, handler) => {
    model.on(event, handler);
    signal.addEventListener("abort", () => model.off(event, handler));
  };
  const drafts = draftsOf(model, root, signal);
  const lifeline = lifelineOf(model, root, signal);

  /**
   * Draw soon, and whenever a trait changes that ``changed`` finds worth it.
   * @param {() => void} draw
   * @param {string[]} [traits] all of them by default
   * @param {(trait: string) => void} [changed]
   */
  function paint(draw, traits = [""], changed = () => undefined) {
    const screen = painter(() => {
      lifeline.check();
      drafts.restore();
      draw();
      drafts.restore();
    });
    for (const trait of traits) {
      on(trait ? `change:${trait}` : "change", () => {
        if (drafts.writing()) return;
        changed(trait);
        screen.soon();
      });
    }
    on("comm_live_update", screen.soon);
    root.addEventListener("kan-workbench:kernel", screen.soon, { signal });
    signal.addEventListener("abort", screen.stop);
    screen.soon();
    return end;
  }

  function end() {
    ending.abort();
  }
  return { root, signal, on, drafts, paint, end };
}

/**
 * What was typed, opened or zoomed and not yet used, in one place: the trait ``drafts``, which the
 * kernel never writes. A field with ``data-draft`` is kept and brought back by itself.
 * @param {any} model
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
function draftsOf(model, root, signal) {
  let busy = false;
  /** @returns {Record<string, any>} */
  const all = () => model.get("drafts") ?? {};
  /** @param {Record<string, any>} next */
  const write = (next) => {
    busy = true;
    model.set("drafts", next);
    busy = false;
    model.save_changes();
  };
  /** @param {string} name @param {any} value */
  const keep = (name, value) => {
    if (JSON.stringify(all()[name]) !== JSON.stringify(value)) write({ ...all(), [name]: value });
  };
  /** @param {string} name */
  const drop = (name) => {
    const { [name]: gone, ...rest } = all();
    if (gone !== undefined) write(rest);
  };
  /** @param {any} field */
  const key = (field) => ("open" in field ? "open" : field.type === "checkbox" ? "checked" : "value");
  const note = (/** @type {Event} */ event) => {
    const field = /** @type {any} */ (event.target);
    if (field?.dataset?.draft) keep(field.dataset.draft, field[key(field)]);
  };
  for (const type of ["input", "change", "toggle"]) root.addEventListener(type, note, { capture: true, signal });
  return {
    get: (/** @type {string} */ name) => all()[name],
    keep,
    drop,
    writing: () => busy,
    restore() {
      for (const field of /** @type {NodeListOf<any>} */ (root.querySelectorAll("[data-draft]"))) {
        const value = all()[field.dataset.draft];
        const there = !(field instanceof HTMLSelectElement) || [...field.options].some((o) => o.value === value);
        if (value !== undefined && there && field[key(field)] !== value) field[key(field)] = value;
      }
    },
  };
}

const CONTROLS = "button, select, input:not([type='text']):not([type='search'])";
const DRAWN_CONTROLS = "svg [role='button'], .kw-formula-dot, .kw-handle";

/**
 * A kernel that is gone: it is said, and what needs it is switched off. The extension of JupyterLab
 * writes "gone", or "away" while the connection is lost, on the output; other hosts mark the widget.
 * @param {any} model
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
function lifelineOf(model, root, signal) {
  const strip = element("div", "kw-lost");
  const words = element("p");
  words.setAttribute("role", "alert");
  const again = button("Run the cells up to here", () => root.dispatchEvent(new CustomEvent("kan-workbench:again", { bubbles: true })), { kind: "kw-small kw-push", local: true, label: "Run the cells above and this one" });
  strip.append(element("span", "kw-lost-dot"), words, again);
  const watcher = new MutationObserver(cut);
  let shown = "";

  function cut() {
    for (const control of /** @type {NodeListOf<HTMLButtonElement>} */ (root.querySelectorAll(CONTROLS))) {
      if (control.disabled || "local" in control.dataset) continue;
      control.disabled = true;
      control.dataset.cut = "";
    }
  }
  const refuse = (/** @type {Event} */ event) => {
    const acts = event.type === "click" || ["Enter", " ", "Delete"].includes(/** @type {KeyboardEvent} */ (event).key);
    if (!shown || !acts || !(event.target instanceof Element) || !event.target.closest(DRAWN_CONTROLS)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  for (const type of ["click", "keydown"]) root.addEventListener(type, refuse, { capture: true, signal });
  signal.addEventListener("abort", () => watcher.disconnect());

  function sentence() {
    const [kept, state] = [model.get("kept"), model.get("state") ?? {}];
    const lost = state.busy === true || isBusy(model.get("status") ?? state.status ?? "") ? " What was running is lost: start it again." : "";
    if (shown === "away") return "There is no connection to the kernel. Nothing is lost; the page goes on by itself when the kernel answers.";
    const head = root.closest(".jp-OutputArea-child")?.querySelector(".kw-guide");
    again.hidden = Boolean(head && head !== root) || !root.closest("[data-kw-kernel]");
    if (head && head !== root) return `The kernel is gone. ${kept ? "Your work is saved. " : ""}Run this cell again to go on.`;
    const where = kept ? ` Your work is saved in ${kept}.${lost}` : kept === "" ? " What session.save() has not written is lost." : "";
    return `The kernel is gone.${where} Run this cell again to go on${kept ? " where you were" : ""}.`;
  }

  return {
    check() {
      const host = /** @type {HTMLElement | null} */ (root.closest("[data-kw-kernel]"));
      const now = host?.dataset.kwKernel ?? (root.closest(".jupyter-widgets-disconnected") ? "gone" : "");
      if (now === shown) return;
      shown = now;
      root.dataset.kernel = now;
      watcher.disconnect();
      if (!now) {
        strip.remove();
        for (const control of /** @type {NodeListOf<HTMLButtonElement>} */ (root.querySelectorAll("[data-cut]"))) {
          control.disabled = false;
          delete control.dataset.cut;
        }
        return;
      }
      again.hidden = true;
      words.textContent = sentence();
      root.prepend(strip);
      cut();
      watcher.observe(root, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] });
    },
  };
}

/**
 * A button that copies a text and says so.
 * @param {string} label
 * @param {() => string} text
 */
export function copy(label, text) {
  const made = button(label, async () => {
    made.textContent = (await copied(text())) ? "Copied" : "Could not copy";
    setTimeout(() => (made.textContent = label), 1500);
  }, { local: true });
  made.dataset.keep = "copy";
  return made;
}

/**
 * Into the clipboard; pages without a secure address have only the old way.
 * @param {string} text
 */
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = /** @type {HTMLTextAreaElement} */ (element("textarea"));
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

/**
 * Hand a file to the browser.
 * @param {string} name
 * @param {Blob | string} content
 */
export function download(name, content) {
  const url = URL.createObjectURL(typeof content === "string" ? new Blob([content], { type: "text/plain" }) : content);
  const link = /** @type {HTMLAnchorElement} */ (element("a"));
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

const PAINTED = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "opacity", "font-size", "font-family", "font-weight", "visibility", "display", "paint-order", "stroke-linejoin"];

/**
 * A drawing that stands alone: theme colours are written into it, and what is hidden is left out.
 * @param {SVGElement} drawing
 * @param {[number, number, number, number]} box left, top, width, height
 */
export function standalone(drawing, box) {
  const copy = /** @type {SVGElement} */ (drawing.cloneNode(true));
  const [originals, copies] = [drawing, copy].map((root) => [root, ...root.querySelectorAll("*")]);
  originals.forEach((original, i) => {
    const style = getComputedStyle(original);
    copies[i].setAttribute("style", PAINTED.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
    for (const name of ["tabindex", "role", "class"]) copies[i].removeAttribute(name);
  });
  originals.forEach((original, i) => getComputedStyle(original).display === "none" && copies[i].remove());
  copy.setAttribute("xmlns", SVG);
  copy.setAttribute("viewBox", box.join(" "));
  copy.setAttribute("width", String(box[2]));
  copy.setAttribute("height", String(box[3]));
  copy.style.background = getComputedStyle(/** @type {Element} */ (drawing.closest(".kw"))).backgroundColor;
  return new XMLSerializer().serializeToString(copy);
}

/**
 * @param {string} text of an SVG
 * @param {number} width
 * @param {number} height
 * @returns {Promise<Blob>}
 */
export function toPng(text, width, height) {
  const picture = new Image();
  return new Promise((resolve, reject) => {
    picture.onload = () => {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [2 * width, 2 * height];
      canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large for a PNG"))));
    };
    picture.onerror = () => reject(new Error("the picture could not be drawn"));
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  });
}
