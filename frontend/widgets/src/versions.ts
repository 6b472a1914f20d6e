/** Versions as a small tree: go to any, name it, put two side by side. */
import { button, element, region } from "./common/dom";
import { frameOf } from "./common/frame";
import { readable } from "./common/numbers";
import { keepingFocus } from "./common/painting";
import type { Context, Maybe, PanelTraits } from "./model";
import "./versions.css";

export interface Version {
  number: number;
  parent: number | null;
  name: string;
  label: string;
  edges: number;
  loss: number;
  formula: string;
  /** Whether the session is here. */
  present: boolean;
  /** Whether undo leads there. */
  past: boolean;
}

type Titled = Version & { title: string };

interface Comparison {
  first: Titled;
  second: Titled;
  only_first: string[];
  only_second: string[];
  renamed: string[];
  same_width: boolean;
  difference: number;
}

interface VersionTraits extends PanelTraits {
  versions: Version[];
  comparison: Maybe<Comparison>;
  state: { unit: string; undo: string; redo: string; message: string; error: boolean };
}

/** The tree line by line: a branch that was left is drawn a step to the right. */
export function lines(versions: Version[]) {
  const children: Map<number | null, Version[]> = new Map();
  for (const version of versions)
    children.set(version.parent, [...(children.get(version.parent) ?? []), version]);
  const found: { version: Version; depth: number }[] = [];
  const waiting = (children.get(null) ?? []).map((version) => ({ version, depth: 0 }));
  while (waiting.length) {
    const at = waiting.pop() as { version: Version; depth: number };
    found.push(at);
    const next = children.get(at.version.number) ?? [];
    const main = next.find((v) => v.past) ?? next[next.length - 1];
    if (main) waiting.push({ version: main, depth: at.depth });
    for (const other of next) if (other !== main) waiting.push({ version: other, depth: at.depth + 1 });
  }
  return found;
}

export function versionTree({ model, el }: Context<VersionTraits>) {
  const frame = frameOf({ model, el }, "kw-versions", "Versions");
  const { root } = frame;
  const bar = element("div", "kw-bar");
  const form = element("form", "kw-buttons kw-push");
  const name = element("input", "kw-input");
  Object.assign(name, { type: "text", maxLength: 60, placeholder: "Name this version" });
  name.setAttribute("aria-label", "Name of the present version");
  name.dataset.draft = "name";
  const keep = button("Keep", () => undefined, { label: "Keep this name for the present version" });
  keep.type = "submit";
  form.append(name, keep);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    model.send({ type: "keep", name: name.value });
    name.value = "";
    frame.drafts.drop("name");
  });
  bar.append(
    element("span", "kw-title", "Versions"),
    element("span", "kw-quiet", "nothing that was undone is lost"),
    form,
  );
  const list = region("div", "kw-scroll kw-version-list", "List of versions");
  const beside = element("div", "kw-beside");
  const message = element("p", "kw-message");
  message.setAttribute("role", "status");
  root.append(bar, list, beside, message);
  let marked: number[] = frame.drafts.get("marked") ?? [];

  function compare() {
    if (marked.length === 2) model.send({ type: "compare", first: marked[0], second: marked[1] });
    else model.send({ type: "close" });
  }

  function drawList() {
    const versions = model.get("versions");
    const unit = model.get("state").unit;
    marked = marked.filter((n) => n < versions.length);
    const table = element("table", "kw-table");
    const head = element("tr");
    for (const [text, kind] of [
      ["Version", ""],
      ["Edges", "kw-numbers"],
      [`Validation ${unit}`, "kw-numbers"],
      ["Compare", ""],
      ["", ""],
    ])
      head.append(element("th", kind, text));
    head.lastElementChild?.append(element("span", "kw-hidden", "Go there"));
    table.append(head);
    for (const { version, depth } of lines(versions)) {
      const line = element("tr", version.present ? "kw-chosen" : version.past ? "" : "kw-aside");
      line.dataset.number = String(version.number);
      const title = element("td", "kw-version-name");
      title.style.paddingLeft = `${8 + 18 * Math.min(depth, 6)}px`;
      title.append(element("span", "kw-version-dot", version.present ? "◉" : version.past ? "●" : "○"));
      if (version.label)
        title.append(element("b", "", version.label), element("span", "kw-quiet", ` ${version.name}`));
      else title.append(element("span", "", version.name));
      if (version.formula)
        title.append(element("div", "kw-quiet kw-ellipsis kw-version-formula", version.formula));
      const mark = element("td");
      const box = element("input");
      Object.assign(box, { type: "checkbox", checked: marked.includes(version.number) });
      box.setAttribute("aria-label", `Compare version ${version.number}, ${version.label || version.name}`);
      box.dataset.keep = `mark${version.number}`;
      box.addEventListener("change", () => {
        marked = [
          ...marked.filter((n) => n !== version.number),
          ...(box.checked ? [version.number] : []),
        ].slice(-2);
        frame.drafts.keep("marked", marked);
        drawList();
        compare();
      });
      mark.append(box);
      const act = element("td");
      const go = button(
        version.present ? "here" : "Go",
        () => model.send({ type: "go", number: version.number }),
        {
          kind: "kw-small",
          label: version.present
            ? "The session is here"
            : `Go to version ${version.number}, ${version.label || version.name}`,
        },
      );
      go.disabled = version.present;
      go.dataset.keep = `go${version.number}`;
      act.append(go);
      line.append(
        title,
        element("td", "kw-numbers", String(version.edges)),
        element("td", "kw-numbers", readable(version.loss)),
        mark,
        act,
      );
      table.append(line);
    }
    keepingFocus(list, () => list.replaceChildren(table));
    root.dataset.versions = String(versions.length);
  }

  function drawBeside() {
    const found = model.get("comparison");
    if (!found.first) {
      beside.replaceChildren();
      return;
    }
    const unit = model.get("state").unit;
    const table = element("table", "kw-table");
    const row = (title: string, a: string, b: string) => {
      const line = element("tr");
      line.append(
        element("th", "", title),
        element("td", "kw-numbers kw-wrap", a),
        element("td", "kw-numbers kw-wrap", b),
      );
      table.append(line);
    };
    const edges = (list: string[]) =>
      list.length
        ? list.slice(0, 8).join(", ") + (list.length > 8 ? ` and ${list.length - 8} more` : "")
        : "–";
    row("", found.first.title, found.second.title);
    row(`validation ${unit}`, readable(found.first.loss), readable(found.second.loss));
    row("edges", String(found.first.edges), String(found.second.edges));
    if (found.same_width) row("edges of this one alone", edges(found.only_first), edges(found.only_second));
    row("formula", found.first.formula || "–", found.second.formula || "–");
    const words = [`Their outputs differ by ${readable(found.difference)} (rms, on validation rows).`];
    if (found.renamed.length) words.push(`Fixed differently: ${edges(found.renamed)}.`);
    beside.replaceChildren(table, element("p", "kw-quiet", words.join(" ")));
  }

  return frame.paint(() => {
    drawList();
    drawBeside();
    const state = model.get("state");
    message.textContent = state.message ?? "";
    message.dataset.error = String(Boolean(state.error));
  });
}
