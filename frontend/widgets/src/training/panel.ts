/**
 * The training panel. All state comes from the kernel's traits; the only thing sent back is a command.
 */
import { chart } from "../common/chart";
import { button, element, svg } from "../common/dom";
import type { Drafts } from "../common/drafts";
import { frameOf } from "../common/frame";
import { floats, isBusy } from "../common/numbers";
import { curveIn, curveThrough, logExtent } from "../common/scales";
import type { Context, Maybe, Model, PanelTraits } from "../model";
import { startsView } from "./starts";
import "./training.css";

const CURVE = { width: 76, height: 48 };

/** Settings of the next training: name, label, hint, choices of value and text; the first is the default. */
const SETTINGS: [string, string, string, [string, string][]][] = [
  [
    "grid",
    "Finest grid",
    "Intervals of every curve; finer grids need more rows",
    [
      ["", "as validation likes"],
      ["3", "3"],
      ["6", "6"],
      ["12", "12"],
      ["24", "24"],
      ["48", "48"],
    ],
  ],
  [
    "l1",
    "Sparsity",
    "Weight of the penalty that makes weak edges weaker",
    [
      ["", "none"],
      ["0.0001", "a little"],
      ["0.001", "some"],
      ["0.01", "strong"],
    ],
  ],
  [
    "smoothness",
    "Smoothness",
    "Weight of the penalty on bends",
    [
      ["", "as validation likes"],
      ["0.000001", "a little"],
      ["0.0001", "some"],
      ["0.01", "strong"],
    ],
  ],
  [
    "starts",
    "Random starts",
    "How many first networks compete",
    [
      ["", "as many as it takes"],
      ["1", "1"],
      ["8", "8"],
      ["32", "32"],
      ["64", "64"],
    ],
  ],
  [
    "solver",
    "Solver",
    "How the numbers are found",
    [
      ["", "by size"],
      ["lm", "Levenberg–Marquardt"],
      ["lbfgs", "L-BFGS"],
      ["adam", "Adam"],
    ],
  ],
];

/** What can be done in each state: command, label, hint. */
const COMMANDS: Record<string, [string, string, string][]> = {
  ready: [
    ["start", "Run", "Train the network"],
    ["step", "Step", "One iteration, then hold"],
    [
      "discover",
      "Find a formula by itself",
      "Try several networks, simplify and name each, keep the best; takes a minute or more. Settings that you changed count, the others it chooses",
    ],
  ],
  running: [
    ["pause", "Pause", "Hold after this step"],
    ["stop", "Stop", "End here; the best network so far is kept"],
  ],
  stopping: [["stop", "Stop", "It ends after this iteration"]],
  paused: [
    ["resume", "Resume", "Go on"],
    ["step", "Step", "One iteration, then hold"],
    ["stop", "Stop", "End here; the best network so far is kept"],
  ],
  done: [
    ["start", "Train further", "Go on from the present network"],
    ["reset", "Reset", "Back to the network of the beginning"],
  ],
  stopped: [
    ["start", "Train further", "Go on from the present network"],
    ["reset", "Reset", "Back to the network of the beginning"],
  ],
  error: [
    ["start", "Run again", "Train the network"],
    ["reset", "Reset", "Back to the network of the beginning"],
  ],
};

const SAYS: Record<string, string> = {
  ready: "Ready",
  running: "Training",
  paused: "Paused",
  stopping: "Stopping…",
  done: "Trained",
  stopped: "Stopped",
  error: "Failed",
};

/** What runs when it is not a training. */
const DOES: Record<string, string> = {
  prune: "Simplifying",
  symbolify: "Looking for formulas",
  discover: "Trying several networks",
};

/** The time that is left, in words: iterations so far say how long the others take. */
function timeLeft(seconds: number, step: number, total: number) {
  if (step < 5 || seconds < 0.5 || step >= total) return "";
  const left = (seconds / step) * (total - step);
  if (left < 1) return "nearly done";
  return left < 90 ? `about ${Math.ceil(left)} s left` : `about ${Math.ceil(left / 60)} min left`;
}

/**
 * @param pairs training and validation loss in turn
 * @param step iterations done
 */
function lossChart(pairs: Float32Array, step: number, unit: string) {
  const count = pairs.length / 2;
  const picture = chart({
    width: 460,
    height: 230,
    x: [0, Math.max(step, 1)],
    y: logExtent(pairs, 0, 0.2),
    logY: true,
    head: 14,
    xLabel: "iteration",
    yLabel: unit,
    label: "Loss by iteration, logarithmic",
  });
  if (!pairs.some((value) => value > 0)) {
    return element(
      "p",
      "kw-empty",
      "While the network trains, its loss appears here and the curves of its edges beside it.",
    );
  }
  const iterations = Array.from({ length: count }, (_, i) => (step * (i + 1)) / count);
  ["kw-train", "kw-validation"].forEach((kind, which) => {
    const values = iterations.map((_, i) => pairs[2 * i + which]);
    const d = curveThrough(iterations, values, picture.across, picture.down);
    picture.node.append(svg("path", { class: kind, d }));
    const [x, y] = [picture.right - (which ? 94 : 170), picture.top - 12];
    picture.node.append(svg("path", { class: kind, d: `M${x} ${y}h24` }));
    picture.node.append(
      svg("text", { class: "kw-tick", x: x + 30, y: y + 4 }, which ? "validation" : "train"),
    );
  });
  return picture.node;
}

function drawCurves(gallery: HTMLElement, labels: string[], values: Float32Array) {
  const points = labels.length ? values.length / labels.length : 0;
  while (gallery.children.length > labels.length) gallery.lastElementChild?.remove();
  labels.forEach((label, number) => {
    let card = (gallery.children[number] ?? null) as HTMLElement | null;
    if (!card) {
      card = element("figure", "kw-curve");
      const picture = svg("svg", { viewBox: `0 0 ${CURVE.width} ${CURVE.height}`, role: "img" });
      picture.append(svg("path", { class: "kw-train" }));
      card.append(picture, element("figcaption", ""));
      gallery.append(card);
    }
    const row = values.subarray(number * points, (number + 1) * points);
    const d = curveIn(row, [3, CURVE.width - 3], [CURVE.height - 4, 4]);
    card.querySelector("path")?.setAttribute("d", d);
    card.querySelector("svg")?.setAttribute("aria-label", `activation ${label}`);
    card.title = label;
    const caption = card.querySelector("figcaption");
    if (caption && caption.textContent !== label) caption.textContent = label;
  });
}

interface TrainingTraits extends PanelTraits {
  status: string;
  job: string;
  step: number;
  total: number;
  share: number;
  seconds: number;
  phase: string;
  message: string;
  unit: string;
  losses: DataView;
  edges: string[];
  hidden_edges: number;
  curves: DataView;
  starts: string[];
  start_losses: DataView;
  network: Maybe<{ width: string; edges: number; parameters: number; rows: number }>;
  shapes: string[];
  trained: boolean;
  settings: Record<string, string>;
}

export function trainingPanel({ model, el }: Context<TrainingTraits>) {
  const frame = frameOf({ model, el }, "kw-training", "Training");
  const { root } = frame;
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
  const starts = startsView();
  const { panel: settings, draw: drawSettings } = settingsOf(model, frame.drafts);
  root.append(bar, progress, body, starts.panel, message, settings);

  let shownStatus = "";
  function drawStatus() {
    const status = model.get("status");
    const job = model.get("job");
    const other = job in DOES && isBusy(status);
    root.dataset.status = status;
    message.dataset.error = String(status === "error");
    const now = `${status} ${other ? job : ""} ${model.get("trained")}`;
    if (now === shownStatus) return;
    shownStatus = now;
    said.textContent =
      other && status === "running"
        ? DOES[job]
        : status === "ready" && model.get("trained")
          ? "Trained"
          : (SAYS[status] ?? status);
    const held = buttons.contains(document.activeElement);
    const known =
      status === "ready" && model.get("trained")
        ? "done"
        : (status === "done" || status === "stopped") && !model.get("trained")
          ? "ready"
          : status;
    const offered = (COMMANDS[known] ?? []).filter(([command]) => !other || command !== "step");
    buttons.replaceChildren(
      ...offered.map(([command, label, hint], place) => {
        const made = button(label, () => model.send({ type: command }), {
          kind: place === 0 ? "kw-first" : "",
        });
        made.title = hint;
        made.dataset.command = command;
        return made;
      }),
    );
    if (held) (buttons.firstElementChild as HTMLElement | null)?.focus();
  }

  function drawNumbers() {
    const [step, total, seconds] = [model.get("step"), model.get("total"), model.get("seconds")];
    root.dataset.step = String(step);
    const other = model.get("job") in DOES && isBusy(model.get("status"));
    progress.max = other ? 1 : Math.max(total, 1);
    progress.value = other ? model.get("share") : step;
    const left = model.get("status") === "running" ? timeLeft(seconds, step, total) : "";
    const live = isBusy(model.get("status"));
    const count = live ? `${step} of ${total}` : `${step} iterations`;
    const parts = other
      ? [model.get("phase")]
      : step
        ? [count, `${seconds.toFixed(1)} s`, left, live ? model.get("phase") : ""]
        : [model.get("phase")];
    counted.textContent = parts.filter(Boolean).join(" · ");
    const hidden = model.get("hidden_edges");
    const text = model.get("message") + (hidden ? ` ${hidden} more edges are not drawn.` : "");
    if (message.textContent !== text) message.textContent = text;
  }

  return frame.paint(() => {
    drawStatus();
    drawNumbers();
    drawSettings();
    losses.replaceChildren(lossChart(floats(model.get("losses")), model.get("step"), model.get("unit")));
    starts.draw(model.get("starts"), floats(model.get("start_losses")), model.get("unit"));
    drawCurves(gallery, model.get("edges"), floats(model.get("curves")));
  });
}

/** The network that a training starts from, and how it is trained; folded away until it is wanted. */
function settingsOf(model: Model<TrainingTraits>, drafts: Drafts) {
  const panel = element("details", "kw-settings");
  panel.dataset.draft = "settings";
  const summary = element("summary");
  const about = element("span", "kw-quiet kw-numbers");
  summary.append("Network and settings", about);
  const line = element("form", "kw-bar");
  const shape = element("input", "kw-input kw-shape");
  const id = `kw-shapes-${Math.random().toString(36).slice(2)}`;
  Object.assign(shape, { type: "text", autocomplete: "off" });
  shape.setAttribute("list", id);
  shape.dataset.draft = "shape";
  const choices = element("datalist");
  choices.id = id;
  const label = element("label", "kw-field", "Nodes per layer");
  label.title = "From inputs to outputs, such as 4, 2, 1; 2+1× is two sums and one product";
  label.append(shape);
  const make = button("New network", () => undefined, {
    label: "Begin again with a network of this shape; undo brings the present one back",
  });
  make.type = "submit";
  line.append(label, choices, make);
  line.addEventListener("submit", (event) => {
    event.preventDefault();
    model.send({ type: "shape", width: shape.value });
    drafts.drop("shape");
  });
  const fields = element("div", "kw-bar");
  const selects: HTMLSelectElement[] = [];
  for (const [name, text, hint, values] of SETTINGS) {
    const field = element("label", "kw-field", text);
    field.title = hint;
    const select = element("select", "kw-select");
    select.name = name;
    for (const [value, words] of values) {
      const option = element("option", "", words);
      option.value = value;
      select.append(option);
    }
    select.addEventListener("change", () =>
      model.send({
        type: "setting",
        name,
        value: select.value === "" ? null : name === "solver" ? select.value : Number(select.value),
      }),
    );
    selects.push(select);
    field.append(select);
    fields.append(field);
  }
  panel.append(summary, line, fields);

  let drawn = "";
  function draw() {
    const network = model.get("network");
    const busy = isBusy(model.get("status"));
    make.disabled = busy;
    for (const select of selects) {
      choose(select, model.get("settings")[select.name] ?? "");
      select.disabled = busy || (select.name === "starts" && model.get("trained"));
    }
    if (network.width === undefined || drawn === network.width + network.edges) return;
    drawn = network.width + network.edges;
    about.textContent = `${network.width.replaceAll(", ", " → ")} · ${network.edges} edges · ${network.parameters} parameters for ${network.rows} rows`;
    shape.value = network.width;
    choices.replaceChildren(
      ...model
        .get("shapes")
        .map((width) => Object.assign(document.createElement("option"), { value: width })),
    );
  }

  return { panel, draw };
}

/** Show a value; one that is no choice, because Python gave it, becomes one. */
function choose(select: HTMLSelectElement, value: string) {
  const same = [...select.options].find(
    (o) => o.value === value || (value && o.value && Number(o.value) === Number(value)),
  );
  if (!same) select.append(new Option(value, value));
  if (document.activeElement !== select) select.value = same?.value ?? value;
}
