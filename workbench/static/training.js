// @ts-check
/**
 * The training panel. All state comes from the kernel's traits; the only thing sent back is a command.
 */

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 460;
const HEIGHT = 220;
const MARGIN = { left: 56, right: 12, top: 12, bottom: 34 };
const CURVE = { width: 76, height: 48 };

/** What can be done in each state: [command, label]. */
const COMMANDS = {
  ready: [["start", "Run"]],
  running: [["pause", "Pause"], ["stop", "Stop"]],
  paused: [["resume", "Resume"], ["stop", "Stop"]],
  done: [["start", "Run again"]],
  stopped: [["start", "Run again"]],
  error: [["start", "Run again"]],
};

const SAYS = {
  ready: "Ready",
  running: "Training",
  paused: "Paused",
  done: "Trained",
  stopped: "Stopped",
  error: "Failed",
};

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {string} [text]
 */
function svg(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  if (text !== undefined) node.textContent = text;
  return node;
}

/**
 * @param {string} name
 * @param {string} kind
 */
function element(name, kind) {
  const node = document.createElement(name);
  node.className = kind;
  return node;
}

/**
 * A copy, because the view may not be aligned.
 * @param {DataView | undefined} view
 */
function floats(view) {
  if (!view || !view.byteLength) return new Float32Array();
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

/** @param {number} value */
function readable(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e4 || size < 1e-3 ? value.toExponential(0) : String(+value.toPrecision(2));
}

/**
 * @param {SVGElement} chart
 * @param {Float32Array} pairs training and validation loss in turn
 * @param {number} step iterations done
 * @param {string} unit
 */
function drawLosses(chart, pairs, step, unit) {
  chart.replaceChildren();
  const bottom = HEIGHT - MARGIN.bottom;
  const right = WIDTH - MARGIN.right;
  chart.append(svg("path", { class: "kw-axis", d: `M${MARGIN.left} ${MARGIN.top}V${bottom}H${right}` }));
  chart.append(svg("text", { class: "kw-label", x: (MARGIN.left + right) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, "iteration"));
  const up = svg("text", { class: "kw-label", transform: `translate(14 ${(MARGIN.top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, unit);
  chart.append(up);
  const logs = Array.from(pairs, (value) => (value > 0 ? Math.log10(value) : NaN));
  const known = logs.filter(Number.isFinite);
  const count = pairs.length / 2;
  if (!known.length) {
    chart.append(svg("text", { class: "kw-hint", x: (MARGIN.left + right) / 2, y: (MARGIN.top + bottom) / 2, "text-anchor": "middle" }, "The loss appears here while the network trains"));
    return;
  }
  let low = Math.min(...known);
  let high = Math.max(...known);
  if (high - low < 0.2) [low, high] = [low - 0.1, high + 0.1];
  /** @param {number} i */
  const across = (i) => MARGIN.left + ((right - MARGIN.left) * i) / Math.max(count - 1, 1);
  /** @param {number} v */
  const down = (v) => bottom - ((bottom - MARGIN.top) * (v - low)) / (high - low);
  const steps = high - low > 1.5 ? decades(low, high) : [low, (low + high) / 2, high];
  for (const value of steps) {
    chart.append(svg("path", { class: "kw-grid", d: `M${MARGIN.left} ${down(value)}H${right}` }));
    chart.append(svg("text", { class: "kw-tick", x: MARGIN.left - 6, y: down(value) + 4, "text-anchor": "end" }, readable(10 ** value)));
  }
  for (const share of [0, 0.5, 1]) {
    const at = Math.round(share * (count - 1));
    chart.append(svg("text", { class: "kw-tick", x: across(at), y: bottom + 15, "text-anchor": "middle" }, String(Math.round((step * (at + 1)) / count))));
  }
  ["kw-train", "kw-validation"].forEach((kind, which) => {
    const points = [];
    for (let i = 0; i < count; i++) {
      const value = logs[2 * i + which];
      if (Number.isFinite(value)) points.push(`${across(i).toFixed(1)},${down(value).toFixed(1)}`);
    }
    chart.append(svg("polyline", { class: kind, points: points.join(" ") }));
    const y = MARGIN.top + 8 + 16 * which;
    chart.append(svg("path", { class: kind, d: `M${right - 104} ${y}h24` }));
    chart.append(svg("text", { class: "kw-tick", x: right - 74, y: y + 4 }, which ? "validation" : "train"));
  });
}

/**
 * @param {number} low
 * @param {number} high
 */
function decades(low, high) {
  const every = Math.ceil((high - low) / 5);
  const found = [];
  for (let value = Math.ceil(low); value <= high; value += every) found.push(value);
  return found;
}

/**
 * @param {HTMLElement} gallery
 * @param {string[]} labels
 * @param {Float32Array} values
 */
function drawCurves(gallery, labels, values) {
  const points = labels.length ? values.length / labels.length : 0;
  while (gallery.children.length > labels.length) gallery.lastElementChild?.remove();
  labels.forEach((label, number) => {
    let card = /** @type {HTMLElement | null} */ (gallery.children[number] ?? null);
    if (!card) {
      card = element("figure", "kw-curve");
      const picture = svg("svg", { viewBox: `0 0 ${CURVE.width} ${CURVE.height}`, role: "img" });
      picture.append(svg("polyline", { class: "kw-train" }));
      card.append(picture, element("figcaption", ""));
      gallery.append(card);
    }
    const row = values.subarray(number * points, (number + 1) * points);
    const low = Math.min(...row);
    const span = Math.max(...row) - low || 1;
    const text = Array.from(row, (value, i) => {
      const x = 3 + ((CURVE.width - 6) * i) / Math.max(points - 1, 1);
      return `${x.toFixed(1)},${(CURVE.height - 4 - ((CURVE.height - 8) * (value - low)) / span).toFixed(1)}`;
    });
    card.querySelector("polyline")?.setAttribute("points", text.join(" "));
    card.querySelector("svg")?.setAttribute("aria-label", `activation ${label}`);
    card.title = label;
    const caption = card.querySelector("figcaption");
    if (caption && caption.textContent !== label) caption.textContent = label;
  });
}

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const root = element("section", "kw-training");
  root.setAttribute("aria-label", "Training");
  const bar = element("div", "kw-bar");
  const buttons = element("div", "kw-buttons");
  const said = element("span", "kw-status");
  said.setAttribute("role", "status");
  const counted = element("span", "kw-count");
  const progress = document.createElement("progress");
  progress.setAttribute("aria-label", "Iterations");
  bar.append(buttons, said, counted);
  const body = element("div", "kw-body");
  const chart = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "kw-chart", role: "img", "aria-label": "Loss by iteration, logarithmic" });
  const gallery = element("div", "kw-gallery");
  gallery.setAttribute("aria-label", "Activations of the edges");
  body.append(chart, gallery);
  const message = element("p", "kw-message");
  root.append(bar, progress, body, message);
  el.append(root);

  let shownStatus = "";
  function drawStatus() {
    const status = model.get("status");
    root.dataset.status = status;
    if (status === shownStatus) return;
    shownStatus = status;
    said.textContent = SAYS[status] ?? status;
    const held = buttons.contains(document.activeElement);
    buttons.replaceChildren(
      ...(COMMANDS[status] ?? []).map(([command, label], place) => {
        const button = element("button", place === 0 ? "kw-button kw-first" : "kw-button");
        button.setAttribute("type", "button");
        button.textContent = label;
        button.dataset.command = command;
        button.addEventListener("click", () => model.send({ type: command }));
        return button;
      }),
    );
    if (held) /** @type {HTMLElement | null} */ (buttons.firstElementChild)?.focus();
  }

  function drawNumbers() {
    const [step, total] = [model.get("step"), model.get("total")];
    root.dataset.step = String(step);
    progress.max = Math.max(total, 1);
    progress.value = step;
    const seconds = model.get("seconds").toFixed(1);
    const phase = model.get("phase");
    counted.textContent = step ? `${step} of ${total} · ${seconds} s${phase ? ` · ${phase}` : ""}` : phase;
    const hidden = model.get("hidden_edges");
    const more = hidden ? ` ${hidden} more edges are not drawn.` : "";
    message.textContent = model.get("message") + more;
  }

  // Traits of one frame arrive one after the other: draw once when all are there.
  let waiting = 0;
  function draw() {
    waiting = 0;
    drawStatus();
    drawNumbers();
    drawLosses(chart, floats(model.get("losses")), model.get("step"), model.get("unit"));
    drawCurves(gallery, model.get("edges"), floats(model.get("curves")));
  }
  function soon() {
    if (!waiting) waiting = requestAnimationFrame(draw);
  }
  model.on("change", soon);
  draw();
  return () => {
    cancelAnimationFrame(waiting);
    model.off("change", soon);
  };
}

export default { render };
