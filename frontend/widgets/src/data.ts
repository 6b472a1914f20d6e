/** The data form: a table, its columns, and what is made of them. */
import { button, element, region, svg } from "./common/dom";
import { frameOf } from "./common/frame";
import { apart, readable, shortened } from "./common/numbers";
import { keepingFocus } from "./common/painting";
import type { Context, Maybe, PanelTraits } from "./model";
import "./data.css";

interface Column {
  name: string;
  kind: string;
  /** Why it was taken for that. */
  reason: string;
  missing: number;
  distinct: number;
  low: number | null;
  high: number | null;
  counts: number[];
  labels: string[];
  /** Why it is of no use, or "". */
  useless: string;
}

/** What is made of the table. */
interface Choice {
  target: string;
  inputs: string[];
  log: string[];
  standardise: string[];
  units: Record<string, string>;
  task: string | null;
  split: string;
  groups: string;
  /** Of columns that are not what was guessed. */
  kinds: Record<string, string>;
  missing: string;
  /** Columns that say something of the rows: groups with constants of their own, errors, weights; or "". */
  by: string;
  sigma: string;
  weights: string;
}

/** Places of points from 0 to 255, and the correlation of ranks. */
interface Cloud {
  x: number[];
  y: number[];
  correlation: number | null;
}

interface Ready {
  train: number;
  validation: number;
  test: number;
  names: string[];
  target: string;
  task: string;
  classes: string[];
  groups: number;
}

interface DataTraits extends PanelTraits {
  table: Maybe<{ name: string; rows: number; columns: number }>;
  columns: Column[];
  clouds: Record<string, Cloud>;
  /** The first rows, as text. */
  rows: string[][];
  choice: Choice;
  findings: { kind: string; text: string }[];
  ready: Maybe<Ready>;
  files: string[];
  state: { message: string; error: boolean; used: boolean };
}

const KINDS = [
  "number",
  "whole number",
  "yes/no",
  "category",
  "ordered category",
  "date",
  "text",
  "identifier",
];
/** What a column may say of the rows, instead of being an input. */
const ROLES = [
  ["by", "groups"],
  ["sigma", "errors"],
  ["weights", "weights"],
] as const;
const BARS = { width: 120, height: 30 };
const CLOUD = { width: 72, height: 40 };
const FILES =
  ".csv,.tsv,.txt,.dat,.tab,.parquet,.pq,.feather,.arrow,.xlsx,.xlsm,.xls,.ods,.json,.jsonl,.sqlite,.db,.mat,.h5,.hdf5,.nc,.fits,.gz,.bz2,.xz,.zip";
const LARGEST = 8e6;
const MANY = 12;

/** A small histogram; its words are in the row beside it. */
function histogram(column: Column) {
  const picture = svg("svg", {
    viewBox: `0 0 ${BARS.width} ${BARS.height}`,
    class: "kw-bars",
    "aria-hidden": "true",
  });
  const most = Math.max(...column.counts, 1);
  const width = BARS.width / Math.max(column.counts.length, 1);
  column.counts.forEach((count, i) => {
    const height = count ? Math.max((BARS.height * count) / most, 1.5) : 0;
    picture.append(
      svg("rect", {
        x: (i * width + 0.5).toFixed(1),
        y: (BARS.height - height).toFixed(1),
        width: Math.max(width - 1, 0.8).toFixed(1),
        height: height.toFixed(1),
        rx: 1,
      }),
    );
  });
  return picture;
}

/** The target against a column; its number stands below. */
function scatter(cloud: Cloud) {
  const picture = svg("svg", {
    viewBox: `0 0 ${CLOUD.width} ${CLOUD.height}`,
    class: "kw-cloud",
    "aria-hidden": "true",
  });
  const [across, down] = [CLOUD.width - 4, CLOUD.height - 4];
  cloud.x.forEach((x, i) => {
    const [cx, cy] = [2 + (across * x) / 255, 2 + down - (down * cloud.y[i]) / 255];
    picture.append(svg("circle", { cx: cx.toFixed(1), cy: cy.toFixed(1), r: 1.1 }));
  });
  return picture;
}

function range(column: Column) {
  if (column.low !== null && column.high !== null) return apart([column.low, column.high]).join(" … ");
  return (
    column.labels
      .slice(0, 3)
      .map((label) => shortened(label, 12))
      .join(", ") + (column.distinct > 3 ? ", …" : "")
  );
}

/** @param label for screen readers */
function tick(label: string, on: boolean, change: (on: boolean) => void) {
  const box = element("input");
  box.type = "checkbox";
  box.checked = on;
  box.setAttribute("aria-label", label);
  box.addEventListener("change", () => change(box.checked));
  return box;
}

/** @param options value and text */
function choice(
  caption: string,
  options: [string, string][],
  value: string,
  change: (value: string) => void,
) {
  const label = element("label", "kw-field", caption);
  const select = element("select", "kw-select");
  for (const [key, text] of options) {
    const option = element("option", "", shortened(text, 40));
    option.value = key;
    option.title = text;
    select.append(option);
  }
  select.value = value;
  select.dataset.keep = caption;
  select.addEventListener("change", () => change(select.value));
  label.append(select);
  return label;
}

/** What a column is read as: the guess, or any other kind. */
function kind(column: Column, change: (kind: string) => void) {
  const select = element("select", "kw-select kw-kind");
  select.setAttribute("aria-label", `Read ${column.name} as`);
  select.title = column.reason;
  for (const name of KINDS) {
    const option = element("option", "", name);
    option.value = name;
    select.append(option);
  }
  select.value = column.kind;
  select.dataset.keep = `kind ${column.name}`;
  select.addEventListener("change", () => change(select.value));
  return select;
}

export function dataForm({ model, el }: Context<DataTraits>) {
  const frame = frameOf({ model, el }, "kw-data", "Data");
  const { root, drafts } = frame;
  const body = element("div");
  const message = element("p", "kw-message");
  message.setAttribute("role", "alert");
  root.append(body, message);
  let wanted = drafts.get("search") ?? "";

  /** The choice with what was changed since it was painted: clicks may be faster than the kernel. */
  let latest = model.get("choice");
  const send = (changed: Partial<Choice>) => {
    latest = { ...latest, ...changed };
    model.send({ type: "choose", ...changed });
  };

  // Before there is a table

  function drawEmpty() {
    const zone = element("div", "kw-drop");
    zone.append(
      element("p", "kw-title", "Drop a table here"),
      element(
        "p",
        "kw-quiet",
        "text, Parquet, Feather, Excel, OpenDocument, JSON, SQLite, MATLAB, HDF5, NetCDF or FITS, packed or not",
      ),
    );
    const input = element("input", "kw-hidden");
    Object.assign(input, { type: "file", accept: FILES });
    input.setAttribute("aria-label", "Choose a file of this computer");
    input.addEventListener("change", () => input.files?.[0] && upload(input.files[0]));
    zone.append(
      button("Choose a file…", () => input.click(), { kind: "kw-first" }),
      input,
    );
    const parts = [zone];
    const files = model.get("files");
    if (files.length) {
      const list = element("div", "kw-files");
      list.setAttribute("role", "group");
      list.setAttribute("aria-label", "Tables in this folder");
      for (const name of files)
        list.append(
          button(shortened(name, 44), () => model.send({ type: "open", path: name }), {
            label: `Open ${name}`,
          }),
        );
      parts.push(element("p", "kw-title", "or take one from this folder"), list);
    }
    const none = element("p", "kw-quiet kw-no-table", "No table at hand? ");
    none.append(
      button("Take an example: pendulums", () => model.send({ type: "example" }), { kind: "kw-small" }),
    );
    body.replaceChildren(...parts, none);
  }

  async function upload(file: File) {
    if (file.size > LARGEST) {
      say(
        `${file.name} is larger than ${LARGEST / 1e6} MB: put it into this folder with the file browser, then choose it here.`,
        true,
      );
      return;
    }
    say(`Reading ${file.name}…`);
    model.send({ type: "upload", name: file.name }, undefined, [await file.arrayBuffer()]);
  }

  root.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    root.classList.add("kw-over");
  });
  root.addEventListener("dragleave", () => root.classList.remove("kw-over"));
  root.addEventListener("drop", (event) => {
    root.classList.remove("kw-over");
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    upload(file);
  });

  // The table

  function drawTable() {
    const [table, chosen] = [model.get("table"), model.get("choice")];
    if (table.name === undefined) {
      drawEmpty();
      return;
    }
    latest = chosen;
    const columns = model.get("columns");
    const head = element("div", "kw-bar");
    const name = element("span", "kw-title kw-ellipsis", table.name);
    name.title = table.name;
    head.append(
      name,
      element(
        "span",
        "kw-quiet kw-numbers",
        `${table.rows.toLocaleString("en")} rows · ${table.columns} columns`,
      ),
      button("Another table…", () => model.send({ type: "close" }), { kind: "kw-small kw-push" }),
    );
    const bar = element("div", "kw-bar kw-choices");
    const targets = columns.filter((c) => c.distinct > 1).map((c) => [c.name, c.name] as [string, string]);
    bar.append(
      choice("Explain", targets, chosen.target, (target) => send({ target, inputs: inputsFor(target) })),
      choice(
        "as",
        [
          ["auto", "numbers or classes: guess"],
          ["numbers", "numbers"],
          ["classes", "classes"],
        ],
        chosen.task === null ? "auto" : chosen.task === "regression" ? "numbers" : "classes",
        (task) => send({ task }),
      ),
      choice(
        "Hold out",
        [
          ["random", "random rows"],
          ["ordered", "the last rows"],
          ...columns.map((c) => [`=${c.name}`, `whole groups of ${c.name}`] as [string, string]),
        ],
        chosen.groups ? `=${chosen.groups}` : chosen.split,
        (value) =>
          send(
            value.startsWith("=")
              ? { split: "random", groups: value.slice(1) }
              : { split: value, groups: "" },
          ),
      ),
      choice(
        "Gaps",
        [
          ["drop", "leave such rows out"],
          ["median", "fill in the median"],
          ["indicator", "fill in, and say where"],
        ],
        chosen.missing,
        (missing) => send({ missing }),
      ),
    );
    body.replaceChildren(
      head,
      bar,
      ofRows(columns, chosen),
      ...(columns.length > MANY ? [search()] : []),
      listed(columns, chosen),
      firstRows(columns),
      found(),
      summary(),
    );
  }

  function inputsFor(target: string) {
    const chosen = model.get("choice");
    const columns = model.get("columns");
    const back = columns.filter((c) => c.name === chosen.target && !c.useless).map((c) => c.name);
    const on = new Set([...chosen.inputs, ...back]);
    return columns.filter((c) => on.has(c.name) && c.name !== target).map((c) => c.name);
  }

  function search() {
    const field = element("input", "kw-input");
    Object.assign(field, { type: "search", placeholder: "Find a column", value: wanted });
    field.setAttribute("aria-label", "Find a column");
    field.dataset.keep = field.dataset.draft = "search";
    field.addEventListener("input", () => {
      wanted = field.value;
      for (const line of body.querySelectorAll("tr[data-column]")) hideUnwanted(line as HTMLElement);
    });
    return field;
  }

  function hideUnwanted(line: HTMLElement) {
    line.hidden = !(line.dataset.column ?? "").toLowerCase().includes(wanted.toLowerCase());
  }

  function listed(columns: Column[], chosen: Choice) {
    const frame = region("div", "kw-scroll kw-listed", "Columns");
    const lines = element("table", "kw-table");
    const head = element("tr");
    for (const [text, kind] of [
      ["Use", ""],
      ["Column", ""],
      ["Values", ""],
      ["Target against it", ""],
      ["Range", ""],
      ["Missing", "kw-numbers"],
      ["Unit", ""],
      ["log", ""],
      ["scale", ""],
    ])
      head.append(element("th", kind, text));
    const thead = element("thead");
    thead.append(head);
    const tbody = element("tbody");
    const without = (list: string[], name: string, on: boolean) => [
      ...list.filter((n) => n !== name),
      ...(on ? [name] : []),
    ];
    for (const column of columns) {
      const target = column.name === chosen.target;
      const on = chosen.inputs.includes(column.name);
      const numeric = column.low !== null;
      const useful = !column.useless || on;
      const line = element("tr", target ? "kw-target" : on ? "" : "kw-off");
      line.dataset.column = column.name;
      const use = element("td");
      const role = ROLES.find(([key]) => chosen[key] === column.name)?.[1];
      if (target || role) use.append(element("span", "kw-tag", target ? "target" : role));
      else {
        const box = tick(`Use ${column.name} as an input`, on, (value) =>
          send({
            inputs: columns
              .map((c) => c.name)
              .filter((n) => (n === column.name ? value : latest.inputs.includes(n))),
          }),
        );
        box.dataset.keep = `use ${column.name}`;
        box.disabled = !useful;
        use.append(box);
      }
      const name = element("td", "kw-column-name", column.name);
      name.title = column.name;
      if (column.useless && !target) name.append(element("div", "kw-quiet kw-why", column.useless));
      const values = element("td");
      values.append(
        histogram(column),
        element("div", "kw-quiet kw-why", `${column.distinct.toLocaleString("en")} different`),
        kind(column, (said) => {
          const { [column.name]: _, ...others } = latest.kinds;
          send({ kinds: said ? { ...others, [column.name]: said } : others });
        }),
      );
      const unit = element("td");
      const field = element("input", "kw-input kw-unit");
      field.placeholder = "unit";
      field.value = chosen.units[column.name] ?? "";
      field.setAttribute("aria-label", `Unit of ${column.name}`);
      field.dataset.keep = field.dataset.draft = `unit ${column.name}`;
      field.addEventListener("change", () => {
        drafts.drop(`unit ${column.name}`);
        send({ units: { ...latest.units, [column.name]: field.value.trim() } });
      });
      const [log, scale] = (["log", "standardise"] as const).map((key) => {
        const cell = element("td");
        const words = key === "log" ? "Take the logarithm of" : "Scale to mean 0 and standard deviation 1:";
        const box = tick(`${words} ${column.name}`, chosen[key].includes(column.name), (value) =>
          send({ [key]: without(latest[key], column.name, value) }),
        );
        box.title = `${words} ${column.name}`;
        box.dataset.keep = `${key} ${column.name}`;
        box.disabled = !(on || target) || !numeric || (key === "log" && (column.low ?? 0) <= 0);
        cell.append(box);
        return cell;
      });
      if (numeric) unit.append(field);
      line.append(
        use,
        name,
        values,
        clouded(column.name),
        element("td", "kw-numbers kw-left", range(column)),
        element("td", "kw-numbers", column.missing ? String(column.missing) : "–"),
        unit,
        log,
        scale,
      );
      hideUnwanted(line);
      tbody.append(line);
    }
    lines.append(thead, tbody);
    frame.append(lines);
    return frame;
  }

  function clouded(name: string) {
    const cell = element("td");
    const cloud = model.get("clouds")[name];
    if (!cloud) return cell;
    cell.append(scatter(cloud));
    if (cloud.correlation !== null) {
      const number = element(
        "div",
        "kw-quiet kw-why kw-numbers kw-left",
        `ρ ${readable(cloud.correlation, 2)}`,
      );
      number.title = "Spearman’s correlation with the target: 1 rises with it, −1 falls, 0 neither";
      cell.append(number);
    }
    return cell;
  }

  /** What rows are worth, and which of them share constants. */
  function ofRows(columns: Column[], chosen: Choice) {
    const bar = element("div", "kw-bar kw-choices");
    const free = columns.filter((c) => c.name !== chosen.target);
    const named = (list: Column[], key: string, words: string) =>
      list.map((c) => [`${key}=${c.name}`, `${words} ${c.name}`] as [string, string]);
    const numbers = free.filter((c) => c.low !== null && c.low >= 0);
    bar.append(
      choice(
        "One law for",
        [["", "all rows"], ...named(free, "by", "every")],
        chosen.by ? `by=${chosen.by}` : "",
        (value) => send({ by: value.slice("by=".length) }),
      ),
      choice(
        "Rows count",
        [
          ["", "alike"],
          ...named(numbers, "sigma", "by standard errors in"),
          ...named(numbers, "weights", "by weights in"),
        ],
        chosen.sigma ? `sigma=${chosen.sigma}` : chosen.weights ? `weights=${chosen.weights}` : "",
        (value) => {
          const [key, name] = [value.split("=")[0], value.slice(value.indexOf("=") + 1)];
          send({ sigma: key === "sigma" ? name : "", weights: key === "weights" ? name : "" });
        },
      ),
    );
    return bar;
  }

  function firstRows(columns: Column[]) {
    const details = element("details", "kw-first-rows");
    details.dataset.draft = "rows";
    const frame = region("div", "kw-scroll", "First rows");
    const lines = element("table", "kw-table");
    const [thead, tbody] = [element("thead"), element("tbody")];
    const head = element("tr");
    for (const { name } of columns) head.append(element("th", "kw-numbers", shortened(name, 24)));
    thead.append(head);
    for (const row of model.get("rows")) {
      const line = element("tr");
      for (const cell of row) line.append(element("td", "kw-numbers", cell));
      tbody.append(line);
    }
    lines.append(thead, tbody);
    frame.append(lines);
    details.append(element("summary", "", "First rows"), frame);
    return details;
  }

  function found() {
    const list = element("ul", "kw-findings");
    list.setAttribute("aria-label", "What was dropped, and warnings");
    const all = model.get("findings");
    for (const { kind, text } of [
      ...all.filter((f) => f.kind === "warning"),
      ...all.filter((f) => f.kind !== "warning"),
    ]) {
      const line = element("li", "", text);
      line.dataset.kind = kind;
      list.append(line);
    }
    return list;
  }

  function summary() {
    const ready = model.get("ready");
    const line = element("div", "kw-bar kw-summary");
    const use = button(
      model.get("state").used ? "In use" : "Use this data",
      () => model.send({ type: "use" }),
      { kind: "kw-first" },
    );
    use.disabled = ready.train === undefined || model.get("state").used;
    use.dataset.keep = "use";
    const text =
      ready.train === undefined
        ? ""
        : `${ready.train} rows to train, ${ready.validation} to validate, ${ready.test} held out · ${ready.target} from ${ready.names.length} ${ready.names.length === 1 ? "input" : "inputs"}${ready.task === "classification" ? ` · ${ready.classes.length} classes` : ""}${ready.groups ? ` · ${ready.groups} groups` : ""}`;
    line.append(element("span", "kw-numbers kw-wrap", text), use);
    use.classList.add("kw-push");
    return line;
  }

  function say(text: string, error = false) {
    if (message.textContent !== text) message.textContent = text;
    message.dataset.error = String(error);
  }

  function draw() {
    const has = model.get("table").name !== undefined;
    keepingFocus(body, () => {
      const top = body.querySelector(".kw-listed")?.scrollTop ?? 0;
      drawTable();
      const list = body.querySelector(".kw-listed");
      if (list) list.scrollTop = top;
    });
    const state = model.get("state");
    say(state.message ?? "", Boolean(state.error));
    root.dataset.ready = String(model.get("ready").train !== undefined);
    root.dataset.columns = String(has ? model.get("columns").length : 0);
    root.dataset.used = String(Boolean(state.used));
  }

  return frame.paint(draw);
}
