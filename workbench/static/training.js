// @ts-check
/**
 * The training panel. All state comes from the kernel's traits; the only thing sent back is a command.
 */
import { button, chart, element, extent, floats, painter, points, svg } from "./shared.js";

const CURVE = { width: 76, height: 48 };

/**
 * What can be done in each state: command, label, hint.
 * @type {Record<string, [string, string, string][]>}
 */
const COMMANDS = {
  ready: [["start", "Run", "Train the network"], ["step", "Step", "One iteration, then hold"]],
  running: [["pause", "Pause", "Hold after this iteration"], ["stop", "Stop", "End here; the best network so far is kept"]],
  paused: [["resume", "Resume", "Go on"], ["step", "Step", "One iteration, then hold"], ["stop", "Stop", "End here; the best network so far is kept"]],
  done: [["start", "Train further", "Go on from the present network"], ["reset", "Reset", "Back to the network of the beginning"]],
  stopped: [["start", "Train further", "Go on from the present network"], ["reset", "Reset", "Back to the network of the beginning"]],
  error: [["start", "Run again", "Train the network"], ["reset", "Reset", "Back to the network of the beginning"]],
};

/** @type {Record<string, string>} */
const SAYS = {
  ready: "Ready",
  running: "Training",
  paused: "Paused",
  done: "Trained",
  stopped: "Stopped",
  error: "Failed",
};

/**
 * The time that is left, in words: iterations so far say how long the others take.
 * @param {number} seconds
 * @param {number} step
 * @param {number} total
 */
function timeLeft(seconds, step, total) {
  if (step < 5 || seconds < 0.5 || step >= total) return "";
  const left = (seconds / step) * (total - step);
  if (left < 1) return "nearly done";
  return left < 90 ? `about ${Math.ceil(left)} s left` : `about ${Math.ceil(left / 60)} min left`;
}

/**
 * @param {Float32Array} pairs training and validation loss in turn
 * @param {number} step iterations done
 * @param {string} unit
 */
function lossChart(pairs, step, unit) {
  const logs = pairs.map((value) => (value > 0 ? Math.log10(value) : NaN));
  const known = logs.filter(Number.isFinite);
  const count = pairs.length / 2;
  let range = extent(known.length ? known : [-1, 0]);
  if (range[1] - range[0] < 0.2) range = [range[0] - 0.1, range[1] + 0.1];
  const picture = chart({ width: 460, height: 230, x: [0, Math.max(step, 1)], y: range, logY: true, xLabel: "iteration", yLabel: unit, label: "Loss by iteration, logarithmic" });
  if (!known.length) {
    return element("p", "kw-empty", "Press Run: the loss appears here, and the curves of the edges beside it, while the network trains.");
  }
  const iterations = Array.from({ length: count }, (_, i) => (step * (i + 1)) / count);
  ["kw-train", "kw-validation"].forEach((kind, which) => {
    const values = iterations.map((_, i) => logs[2 * i + which]);
    picture.node.append(svg("polyline", { class: kind, points: points(iterations, values, picture.across, picture.down) }));
    const y = picture.top + 8 + 16 * which;
    picture.node.append(svg("path", { class: kind, d: `M${picture.right - 104} ${y}h24` }));
    picture.node.append(svg("text", { class: "kw-tick", x: picture.right - 74, y: y + 4 }, which ? "validation" : "train"));
  });
  return picture.node;
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
  const root = element("section", "kw kw-training");
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
  const losses = element("div", "kw-losses");
  const gallery = element("div", "kw-gallery");
  gallery.setAttribute("role", "group");
  gallery.setAttribute("aria-label", "Activations of the edges");
  body.append(losses, gallery);
  const message = element("p", "kw-message");
  message.setAttribute("role", "status");
  root.append(bar, progress, body, message);
  el.append(root);

  let shownStatus = "";
  function drawStatus() {
    /** @type {string} */
    const status = model.get("status");
    root.dataset.status = status;
    message.dataset.error = String(status === "error");
    if (status === shownStatus) return;
    shownStatus = status;
    said.textContent = SAYS[status] ?? status;
    const held = buttons.contains(document.activeElement);
    buttons.replaceChildren(
      ...(COMMANDS[status] ?? []).map(([command, label, hint], place) => {
        const made = button(label, () => model.send({ type: command }), { kind: place === 0 ? "kw-first" : "" });
        made.title = hint;
        made.dataset.command = command;
        return made;
      }),
    );
    if (held) /** @type {HTMLElement | null} */ (buttons.firstElementChild)?.focus();
  }

  function drawNumbers() {
    const [step, total, seconds] = [model.get("step"), model.get("total"), model.get("seconds")];
    root.dataset.step = String(step);
    progress.max = Math.max(total, 1);
    progress.value = step;
    const left = model.get("status") === "running" ? timeLeft(seconds, step, total) : "";
    const live = model.get("status") === "running" || model.get("status") === "paused";
    const count = live ? `${step} of ${total}` : `${step} iterations`;
    const parts = step ? [count, `${seconds.toFixed(1)} s`, left, live ? model.get("phase") : ""] : [model.get("phase")];
    counted.textContent = parts.filter(Boolean).join(" · ");
    const hidden = model.get("hidden_edges");
    const text = model.get("message") + (hidden ? ` ${hidden} more edges are not drawn.` : "");
    if (message.textContent !== text) message.textContent = text;
  }

  const screen = painter(() => {
    drawStatus();
    drawNumbers();
    losses.replaceChildren(lossChart(floats(model.get("losses")), model.get("step"), model.get("unit")));
    drawCurves(gallery, model.get("edges"), floats(model.get("curves")));
  });
  model.on("change", screen.soon);
  screen.soon();
  return () => {
    screen.stop();
    model.off("change", screen.soon);
  };
}

export default { render };
