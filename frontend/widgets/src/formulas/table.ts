/** Formulas from simple to accurate; click one to see what holds it up. */

import { chart } from "../common/chart";
import { button, element, region, svg } from "../common/dom";
import { copy } from "../common/files";
import { frameOf } from "../common/frame";
import { mathematics } from "../common/mathematics";
import { apart, floats, isBusy, readable, shortened } from "../common/numbers";
import { keepingFocus } from "../common/painting";
import { extent, logExtent } from "../common/scales";
import type { Context, Maybe, PanelTraits } from "../model";
import { type Block, type Options, searchOptions } from "./options";
import { type Finding, structureList } from "./structure";
import "./formulas.css";

interface Row {
  index: number;
  complexity: number;
  validation: number | null;
  test: number | null;
  /** R², or the share that is right, on rows that no choice has seen. */
  figure: number | null;
  text: string;
  mathml: string;
  /** Whether it is the best of its size. */
  front: boolean;
  chosen: boolean;
  pinned: boolean;
}

/** How formula and network agree on the rows of a part. */
interface Verification {
  part: string;
  rows: number;
  undefined: number;
  formula_loss: number | null;
  network_loss: number | null;
  gap: number;
  worst: number;
  agreement: number | null;
}

/** A part of the formula, and the loss when it is a constant. */
interface Impact {
  text: string;
  depth: number;
  place: number;
  constant: number;
  loss: number | null;
}

/** The formula that is inspected. */
interface Inspected {
  index: number;
  latex: string;
  mathml: string;
  legend: string[];
  constants: { text: string; evidence: string; exact: boolean }[];
  /** Constants of every group below the names of their columns, or nothing. */
  groups: string[][];
  limits: string[];
  remarks: string[];
  /** Name, lowest, highest, unit. */
  domain: [string, number, number, string][];
  verification: Verification;
  sensitivity: [string, number | null][];
  impacts: Impact[];
  loss: number | null;
  inputs: string[];
  /** The part that was made a constant in the last step, or "". */
  held: string;
}

interface FormulaState {
  status: string;
  job: string;
  phase: string;
  share: number;
  trained: boolean;
  unit: string;
  task: string;
  target: string;
  undo: string;
  message: string;
  error: boolean;
}

export interface FormulaTraits extends PanelTraits {
  rows: Row[];
  state: FormulaState;
  detail: Maybe<Inspected>;
  /** Pairs of the true value and the formula's. */
  dots: DataView;
  /** Abscissa, residual, and whether it was held out. */
  residuals: DataView;
  against: string;
  blocks: Block[];
  options: Maybe<Options>;
  structure: Finding[];
  /** What is said at a field, and whether it is an error. */
  answers: Record<string, [string, boolean]>;
}

const TINY = 1e-16;
const TRIVIAL = new Set(["0", "1", "-1"]);

/** A number as a text, with a sign that is no hyphen. */
const minus = (text: string) => text.replaceAll("-", "−");

function law(mathml: string) {
  const holder = element("div", "kw-math");
  holder.append(mathematics(mathml));
  return holder;
}

export function formulaTable({ model, el }: Context<FormulaTraits>) {
  const frame = frameOf({ model, el }, "kw-formulas", "Formulas");
  const { root } = frame;
  const bar = element("div", "kw-bar");
  const count = element("span", "kw-title kw-numbers");
  const phase = element("span", "kw-quiet");
  phase.setAttribute("role", "status");
  const progress = document.createElement("progress");
  progress.setAttribute("aria-label", "Search");
  const buttons = element("div", "kw-buttons kw-push");
  bar.append(count, phase, progress, buttons);
  const options = searchOptions(model, frame.drafts);
  const structure = structureList(model);
  const body = element("div", "kw-formula-body");
  const plot = element("div", "kw-front");
  const list = region("div", "kw-scroll kw-formula-list", "Table of formulas");
  body.append(plot, list);
  const detail = element("aside", "kw-detail");
  detail.setAttribute("aria-label", "The formula that is inspected");
  const message = element("p", "kw-message");
  message.setAttribute("role", "status");
  root.append(bar, message, options.panel, structure.panel, body, detail);
  let next = "";

  const inspect = (index: number) => model.send({ type: "inspect", index });

  // The plot

  function front(rows: Row[], inspected: number) {
    const known = rows.filter((r) => r.validation !== null);
    if (!known.length) return element("span");
    const losses = known.map((r) => Math.max(r.validation ?? 0, TINY));
    const picture = chart({
      width: 400,
      height: 250,
      x: [0, Math.max(...known.map((r) => r.complexity)) + 1],
      y: logExtent(losses, 0.15),
      logY: true,
      xLabel: "complexity",
      yLabel: `validation ${model.get("state").unit}`,
      label: "Accuracy against complexity: every dot is a formula",
    });
    picture.node.removeAttribute("role");
    const steps = known.map((r, i) => ({ r, y: losses[i] })).filter(({ r }) => r.front);
    const path = steps
      .map(({ r, y }, i) =>
        i
          ? `H${picture.across(r.complexity).toFixed(1)}V${picture.down(y).toFixed(1)}`
          : `M${picture.across(r.complexity).toFixed(1)} ${picture.down(y).toFixed(1)}`,
      )
      .join("");
    picture.node.append(svg("path", { class: "kw-front-line", d: path }));
    const rank = (row: Row) => Number(row.front) + 2 * Number(row.chosen);
    const order = known.map((_, i) => i).sort((a, b) => rank(known[a]) - rank(known[b]));
    order.forEach((i) => {
      const row = known[i];
      const dot = svg("circle", {
        cx: picture.across(row.complexity).toFixed(1),
        cy: picture.down(losses[i]).toFixed(1),
        r: row.chosen ? 7 : row.front ? 5 : 3.5,
        class: `kw-formula-dot${row.chosen ? " kw-is-chosen" : ""}${row.front ? "" : " kw-behind"}${row.index === inspected ? " kw-is-inspected" : ""}`,
        "data-index": row.index,
      });
      dot.append(
        svg(
          "title",
          {},
          `${row.text}\ncomplexity ${row.complexity}, ${model.get("state").unit} ${readable(row.validation)}`,
        ),
      );
      dot.addEventListener("click", () => inspect(row.index));
      picture.node.append(dot);
    });
    return picture.node;
  }

  // The table

  function table(rows: Row[], inspected: number) {
    const state = model.get("state");
    const figure = state.task === "classification" ? "accuracy" : "R²";
    const lines = element("table", "kw-table");
    const head = element("tr");
    for (const [text, kind, hint] of [
      ["", "", ""],
      ["Formula", "", ""],
      ["Size", "kw-numbers", "Complexity"],
      ["Validation", "kw-numbers", `${state.unit} on validation rows`],
      [`Held-out ${figure}`, "kw-numbers", `${figure} on rows that no choice has seen`],
    ]) {
      const cell = element("th", kind, text);
      if (hint) cell.title = hint;
      if (!text) cell.append(element("span", "kw-hidden", "Pinned"));
      head.append(cell);
    }
    const thead = element("thead");
    thead.append(head);
    const tbody = element("tbody");
    const ordered = [...rows.filter((r) => r.pinned), ...rows.filter((r) => !r.pinned)];
    const all = Boolean(frame.drafts.get("all"));
    for (const row of ordered) {
      if (!row.front && !row.chosen && !row.pinned && !all) continue;
      const line = element("tr", `kw-formula-row${row.index === inspected ? " kw-chosen" : ""}`);
      line.dataset.index = String(row.index);
      line.dataset.picked = String(row.chosen);
      const mark = element("td");
      const pin = button(row.pinned ? "★" : "☆", () => model.send({ type: "pin", index: row.index }), {
        kind: "kw-icon",
        label: row.pinned ? "Unpin" : "Pin to the top",
      });
      pin.setAttribute("aria-pressed", String(row.pinned));
      pin.dataset.keep = `pin${row.index}`;
      if (row.index >= 0) mark.append(pin);
      const formula = element("td", "kw-formula-cell");
      const open = element("button", "kw-plain");
      open.type = "button";
      open.setAttribute("aria-label", `Inspect ${row.text}`);
      open.dataset.keep = `open${row.index}`;
      open.append(law(row.mathml));
      open.addEventListener("click", () => inspect(row.index));
      formula.append(open);
      if (row.chosen) formula.append(element("span", "kw-tag", "chosen"));
      line.append(
        mark,
        formula,
        element("td", "kw-numbers", String(row.complexity)),
        element("td", "kw-numbers", readable(row.validation)),
        element(
          "td",
          "kw-numbers",
          row.figure === null
            ? "–"
            : figure === "R²"
              ? row.figure.toFixed(6).replace("-", "−")
              : `${(100 * row.figure).toFixed(1)} %`,
        ),
      );
      tbody.append(line);
    }
    lines.append(thead, tbody);
    const behind = rows.filter((r) => !r.front && !r.chosen && !r.pinned).length;
    const more = button(
      all ? "Only the best of every size" : `${behind} more that are not the best of their size`,
      () => {
        frame.drafts.keep("all", !all);
        draw();
      },
      { kind: "kw-small kw-more", local: true },
    );
    more.dataset.keep = "more";
    return behind ? [lines, more] : [lines];
  }

  // One formula

  function block(title: string, ...parts: (Node | string)[]) {
    const made = element("section", "kw-block");
    made.append(element("h4", "", title), ...parts);
    return made;
  }

  function drawDetail() {
    const about = model.get("detail");
    detail.hidden = about.index === undefined;
    if (about.index === undefined) {
      detail.replaceChildren();
      return;
    }
    const active = document.activeElement;
    const held = active instanceof HTMLElement && detail.contains(active) ? active.dataset.keep : undefined;
    const state = model.get("state");
    const busy = isBusy(state.status);
    const row = model.get("rows").find((r) => r.index === about.index);
    const head = element("div", "kw-bar");
    const choose = button(
      row?.chosen ? "Chosen" : "Choose this formula",
      () => model.send({ type: "choose", index: about.index }),
      { kind: "kw-first" },
    );
    choose.disabled = busy || Boolean(row?.chosen);
    choose.dataset.keep = "choose";
    const snap = button("Snap constants", () => model.send({ type: "snap", index: about.index }), {
      label: "Replace constants by exact numbers where the data does not notice",
    });
    snap.disabled = busy || about.groups.length > 0 || !about.constants.some((c) => !c.exact);
    snap.dataset.keep = "snap";
    const latex = copy("Copy LaTeX", () => about.latex);
    const close = button("×", () => model.send({ type: "close" }), {
      kind: "kw-small kw-push",
      label: "Close",
    });
    close.dataset.keep = "close";
    head.append(choose, snap, latex, close);
    const columns = element("div", "kw-blocks");
    columns.append(
      verification(about.verification, state),
      heldOut(state),
      unexplained(about, state),
      impacts(about, state, busy),
      constants(about),
      ...ofGroups(about),
      sensitivity(about),
      limits(about),
    );
    detail.replaceChildren(law(about.mathml), ...legend(about), head, columns);
    const wanted = next ? detail.querySelector(`[data-keep="${next}"]`) : null;
    if (wanted) next = "";
    if (wanted || held)
      ((wanted ?? detail.querySelector(`[data-keep="${held}"]`)) as HTMLElement | null)?.focus({
        preventScroll: true,
      });
  }

  /** Which columns the names in quotation marks are. */
  function legend(about: { legend: string[] }) {
    return about.legend.map((sentence) => element("p", "kw-quiet kw-wrap", sentence));
  }

  function verification(found: Verification, state: FormulaState) {
    const where = found.part === "test" ? "held-out" : found.part;
    const lines = element("div", "kw-facts");
    for (const [name, value] of [
      [`formula, ${state.unit}`, readable(found.formula_loss)],
      [`network, ${state.unit}`, readable(found.network_loss)],
      found.agreement === null
        ? ["they differ by (rms)", `${readable(100 * found.gap)} % of the spread`]
        : ["they name the same class for", `${(100 * found.agreement).toFixed(1)} % of the rows`],
      ["at most by", `${readable(100 * found.worst)} % of the spread`],
    ])
      lines.append(element("span", "kw-quiet", name), element("span", "kw-numbers", value));
    const verdict = found.undefined
      ? `It has no value at ${found.undefined} of ${found.rows} ${where} rows.`
      : `Compared on ${found.rows} ${where} rows.`;
    return block("Does it say what the network says?", lines, element("p", "kw-quiet", verdict));
  }

  function heldOut(state: FormulaState) {
    const pairs = floats(model.get("dots"));
    if (!pairs.length) return element("span");
    const range = extent(pairs);
    const picture = chart({
      width: 300,
      height: 220,
      x: range,
      y: range,
      xLabel: `true ${shortened(state.target, 28)}`,
      yLabel: "formula",
      label: "The formula against the true value on held-out rows",
    });
    picture.node.append(
      svg("path", {
        class: "kw-front-line",
        d: `M${picture.across(range[0])} ${picture.down(range[0])}L${picture.across(range[1])} ${picture.down(range[1])}`,
      }),
    );
    for (let i = 0; i < pairs.length; i += 2) picture.dot(pairs[i], pairs[i + 1], 2.4);
    return block("On held-out rows", picture.node);
  }

  /** Residuals: what the formula leaves over on training rows, and on rows that no choice has seen. */
  function unexplained(about: Inspected, state: FormulaState) {
    const left = floats(model.get("residuals"));
    if (!left.length) return element("span");
    const against = model.get("against");
    const column = (k: number) => left.filter((_, i) => i % 3 === k);
    const rounding = 1e-12 * Math.max(...floats(model.get("dots")).map(Math.abs), 1);
    const reach = 1.05 * Math.max(...column(1).map(Math.abs), rounding);
    const picture = chart({
      width: 300,
      height: 220,
      x: extent(column(0)),
      y: [-reach, reach],
      xLabel: shortened(against || `formula for ${state.target}`, 33),
      yLabel: "true − formula",
      label: `Residuals against ${against || "the formula's value"}: rings are training rows, dots are held out`,
    });
    picture.node.append(
      svg("path", { class: "kw-front-line", d: `M${picture.left} ${picture.down(0)}H${picture.right}` }),
    );
    for (let i = 0; i < left.length; i += 3) {
      if (left[i + 2]) picture.dot(left[i], left[i + 1], 2.6, "kw-dot kw-held-out");
      else picture.dot(left[i], left[i + 1], 2.2, "kw-ring");
    }
    const choice = element("select", "kw-select");
    choice.append(
      new Option("the formula's value", ""),
      ...about.inputs.map((name) => new Option(name, name)),
    );
    choice.value = against;
    choice.dataset.keep = "against";
    choice.addEventListener("change", () => model.send({ type: "against", against: choice.value }));
    const label = element("label", "kw-field", "against");
    label.append(choice);
    const key = element("p", "kw-quiet");
    key.append(
      element("span", "kw-mark kw-mark-ring"),
      " training rows ",
      element("span", "kw-mark"),
      " held out",
    );
    return block("Residuals", label, picture.node, key);
  }

  function constants(about: Inspected) {
    if (!about.constants.length) return element("span");
    const list = element("ul", "kw-list");
    const trivial = about.constants.filter((c) => c.exact && TRIVIAL.has(c.text));
    for (const constant of about.constants) {
      if (trivial.includes(constant)) continue;
      const line = element("li");
      if (constant.exact)
        line.append(
          element("span", "kw-quiet kw-numbers", minus(`${constant.evidence || "fitted"} → `)),
          element("b", "", minus(constant.text)),
        );
      else line.append(element("span", "kw-numbers", minus(constant.text)));
      list.append(line);
    }
    const rest = trivial.length
      ? [element("p", "kw-quiet", `${trivial.length} more were 0 or ±1 to within their errors.`)]
      : [];
    return block("Constants", list, ...rest);
  }

  function ofGroups(about: Inspected) {
    const [names, ...rows] = about.groups;
    if (!names) return [];
    const frame = region("div", "kw-scroll kw-of-groups", "Constants of every group");
    const lines = element("table", "kw-table");
    const [thead, tbody] = [element("thead"), element("tbody")];
    const line = (cells: string[], kind: "th" | "td") => {
      const made = element("tr");
      for (const cell of cells) made.append(element(kind, kind === "td" ? "kw-numbers" : "", minus(cell)));
      return made;
    };
    thead.append(line(names, "th"));
    for (const row of rows) tbody.append(line(row, "td"));
    lines.append(thead, tbody);
    frame.append(lines);
    return [block("Constants of every group", frame)];
  }

  function sensitivity(about: Inspected) {
    if (!about.sensitivity.length) return element("span");
    const most = Math.max(...about.sensitivity.map((s) => s[1] ?? 0), 1e-300);
    const lines = element("div", "kw-bars-list");
    for (const [name, value] of about.sensitivity) {
      const track = element("div", "kw-bar-track");
      const fill = element("div");
      fill.style.width = `${(100 * (value ?? 0)) / most}%`;
      track.append(fill);
      const term = element("span", "kw-ellipsis", name);
      term.title = name;
      const number = element("span", "kw-numbers", `${readable(100 * (value ?? 0))} %`);
      lines.append(term, track, number);
    }
    return block(
      "What each input is worth",
      lines,
      element(
        "p",
        "kw-quiet",
        "Change of the output when the input is held at its mean, as a share of the spread.",
      ),
    );
  }

  function impacts(about: Inspected, state: FormulaState, busy: boolean) {
    const undone = about.held ? [element("p", "kw-undone")] : [];
    for (const line of undone) {
      const undo = button(
        "Undo",
        () => {
          next = "kw-tree";
          model.send({ type: "give-back" });
        },
        { kind: "kw-small" },
      );
      undo.dataset.keep = "give-back";
      undo.disabled = busy;
      const part = element("code", "kw-wrap", about.held);
      line.append(part, " is a constant now. ", undo);
    }
    if (about.impacts.length < 2)
      return undone.length ? block("What each part is worth", ...undone) : element("span");
    const least = Math.max(about.loss ?? 0, TINY);
    const worst = Math.max(...about.impacts.map((n) => Math.log((n.loss ?? least) / least)), 1e-9);
    const tree = element("ul", "kw-tree");
    for (const node of about.impacts) {
      const line = button("", () => hold(about.index, node.place), { kind: "kw-part" });
      line.style.paddingLeft = `${4 + 14 * node.depth}px`;
      line.disabled = busy;
      line.dataset.keep = node.place ? `part${node.place}` : "kw-tree";
      const share = node.loss === null ? 1 : Math.max(Math.log(Math.max(node.loss, TINY) / least) / worst, 0);
      const heat = element("span", "kw-heat");
      heat.style.setProperty("--kw-share", share.toFixed(2));
      const text = element("code", "kw-wrap", node.text);
      line.append(heat, text, element("span", "kw-quiet kw-numbers", ` ${readable(node.loss)}`));
      line.title = `Make it a constant and fit again. Held at ${readable(node.constant)}: ${state.unit} ${readable(node.loss)} instead of ${readable(about.loss)}`;
      line.setAttribute(
        "aria-label",
        `Make ${node.text} a constant: ${state.unit} ${readable(node.loss)} instead of ${readable(about.loss)}`,
      );
      const item = element("li");
      item.append(line);
      tree.append(item);
    }
    return block(
      "What each part is worth",
      ...undone,
      tree,
      element(
        "p",
        "kw-quiet",
        `${state.unit} when the part becomes a constant; full bars matter most. Click a part to make it one.`,
      ),
    );
  }

  function hold(index: number, place: number) {
    next = "give-back";
    phase.textContent = "All constants are fitted again…";
    model.send({ type: "hold-part", index, place });
  }

  function limits(about: Inspected) {
    const list = element("ul", "kw-list");
    for (const [name, low, high, unit] of about.domain) {
      const [least, most] = apart([low, high]);
      list.append(element("li", "kw-numbers", `${least} ≤ ${name} ≤ ${most} ${unit}`.trim()));
    }
    const parts = [list as Node];
    if (about.limits.length) {
      const ends = element("ul", "kw-list");
      for (const sentence of about.limits) ends.append(element("li", "", sentence));
      parts.push(element("p", "", "It stops at"), ends);
    }
    if (about.remarks.length) {
      const firm = element("ul", "kw-list");
      for (const sentence of about.remarks) firm.append(element("li", "", sentence));
      parts.push(element("p", "", "What the rows say"), firm);
    }
    return block("Where it holds", ...parts);
  }

  // All of it

  function drawBar() {
    const state = model.get("state");
    const rows = model.get("rows");
    const busy = isBusy(state.status);
    const searching = busy && (state.job === "symbolify" || state.job === "discover");
    count.textContent = rows.length ? `${rows.length} formulas` : "Formulas";
    phase.textContent = searching ? state.phase : busy ? "The session is busy." : "";
    progress.hidden = !searching;
    if (Number.isFinite(state.share)) progress.value = state.share;
    const held = buttons.contains(document.activeElement);
    const stop = button("Stop", () => model.send({ type: "stop" }));
    const search = button(
      rows.length ? "Search again" : "Find formulas",
      () => model.send({ type: "search" }),
      { kind: rows.length || !state.trained ? "" : "kw-first" },
    );
    search.title = "Turn the curves of the present network into symbols";
    search.disabled = busy || !state.trained;
    const train = button("Train the network", () => model.send({ type: "train" }), { kind: "kw-first" });
    train.disabled = busy;
    const discover = button("Try other networks", () => model.send({ type: "discover" }), {
      label: "Train, prune and name several shapes of networks, and ratios of sums; takes minutes",
    });
    discover.disabled = busy;
    buttons.replaceChildren(
      ...(searching ? [stop] : state.trained ? [search, discover] : [train, search, discover]),
    );
    if (held) (buttons.firstElementChild as HTMLElement | null)?.focus();
    if (message.textContent !== state.message) message.textContent = state.message;
    message.dataset.error = String(state.error);
    root.dataset.formulas = String(rows.length);
    root.dataset.status = state.status;
  }

  function draw() {
    const rows = model.get("rows");
    const inspected = model.get("detail").index ?? -1;
    drawBar();
    options.draw();
    structure.draw();
    body.classList.toggle("kw-bare", !rows.length);
    keepingFocus(body, () => drawTable(rows, inspected));
    drawDetail();
    root.dataset.inspected = String(inspected);
  }

  function drawTable(rows: Row[], inspected: number) {
    if (rows.length) {
      plot.replaceChildren(front(rows, inspected));
      list.replaceChildren(...table(rows, inspected));
    } else {
      const state = model.get("state");
      const words = state.trained
        ? "No formula yet. “Find formulas” gives every curve of the network a name, and fits all constants together."
        : "There is no trained network yet: train it first, or let “Try other networks” do everything.";
      plot.replaceChildren();
      list.replaceChildren(element("p", "kw-empty", words));
    }
  }

  return frame.paint(draw);
}
