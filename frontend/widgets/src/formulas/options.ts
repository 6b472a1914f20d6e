/** Options of a search: what is known of the law, and the building blocks, on all edges or on one. */
import { button, element } from "../common/dom";
import type { Drafts } from "../common/drafts";
import { mathematics } from "../common/mathematics";
import { isBusy } from "../common/numbers";
import type { Model } from "../model";
import type { FormulaTraits } from "./table";

export interface Block {
  name: string;
  group: string;
  cost: number;
  mathml: string;
  usual: boolean;
}

/** Layer, source and target of an edge. */
export type Address = [number, number, number];

/** What is chosen, for which edges, and a law in the names of this table. */
export interface Options {
  chosen: string[];
  own: [Address, string[]][];
  edges: [Address, string][];
  example: string;
}

/** A folded panel; ``draw`` brings it up to date and leaves what is being typed alone. */
export function searchOptions(model: Model<FormulaTraits>, drafts: Drafts) {
  const panel = element("details", "kw-options");
  panel.dataset.draft = "options";
  const summary = element("summary");
  const told = element("span", "kw-quiet");
  summary.append(element("span", "", "Options"), told);
  const law = field(
    "law",
    "What you know of the law",
    "f, g, … are curves to be found, letters that are no columns are numbers to be found.",
    [["Use this law", "law"]],
  );
  const start = field(
    "start",
    "A formula to start from",
    "Its numbers are fitted to your rows, its powers stay.",
    [
      ["Add to the table", "add"],
      ["Train from it", "start"],
    ],
  );
  const known = element("div", "kw-known");
  known.append(law.node, start.node);
  const choice = blockChoice();
  panel.append(summary, known, choice.node);

  /** A labelled text field; the first button is pressed by Enter. */
  function field(name: string, title: string, hint: string, actions: [string, string][]) {
    const node = element("div", "kw-typed");
    const label = element("label", "kw-title", title);
    const input = element("input", "kw-input");
    const line = element("div", "kw-bar");
    const answer = element("p", "kw-message");
    const said = element("p", "kw-quiet", hint);
    const id = `kw-${name}-${Math.random().toString(36).slice(2)}`;
    Object.assign(input, { id, type: "text", spellcheck: false, autocomplete: "off" });
    label.setAttribute("for", id);
    input.dataset.draft = name;
    Object.assign(answer, { id: `${id}-answer` });
    Object.assign(said, { id: `${id}-hint` });
    answer.setAttribute("role", "status");
    input.setAttribute("aria-describedby", `${id}-answer ${id}-hint`);
    const send = (type: string) => model.send({ type, text: input.value });
    const buttons = actions.map(([text, type]) => button(text, () => send(type)));
    let waits = false;
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      event.stopPropagation();
      waits = isBusy(model.get("state").status) && input.value.trim() !== "";
      if (!waits) return buttons[0].click();
      answer.textContent = "It waits until what is running has ended.";
      answer.dataset.error = "false";
    });
    const enable = () => {
      const idle = !isBusy(model.get("state").status) && input.value.trim() !== "";
      for (const made of buttons) made.disabled = !idle;
      return idle;
    };
    input.addEventListener("input", () => {
      waits = false;
      enable();
    });
    line.append(input, ...buttons);
    node.append(label, line, answer, said);
    return {
      node,
      draw(example: string) {
        input.placeholder = example;
        said.textContent = example.includes("`")
          ? `${hint} Names that are no single word stand in \`backquotes\`.`
          : hint;
        const idle = enable();
        if (waits && idle) {
          waits = false;
          buttons[0].click();
        }
        if (waits) return;
        const [sentence, error] = model.get("answers")[name] ?? ["", false];
        if (answer.textContent !== sentence) answer.textContent = sentence;
        answer.dataset.error = String(error);
        input.setAttribute("aria-invalid", String(error));
      },
    };
  }

  function blockChoice() {
    const node = element("fieldset", "kw-building");
    const legend = element("legend", "kw-title", "Building blocks");
    const bar = element("div", "kw-bar");
    const where = element("select", "kw-select");
    where.setAttribute("aria-label", "Edge that the building blocks are for");
    where.addEventListener("change", () => {
      drafts.keep("edge", where.value);
      draw();
    });
    const usual = button("", () => model.send({ type: "blocks", names: null, edge: edge() }), {
      kind: "kw-small",
    });
    const answer = element("p", "kw-message");
    answer.setAttribute("role", "status");
    answer.dataset.error = "true";
    bar.append(
      where,
      usual,
      element("span", "kw-quiet", "The number is what a function costs: a dearer one has to fit better."),
    );
    const groups = element("div", "kw-groups");
    node.append(legend, bar, groups, answer);
    const boxes: Map<string, HTMLInputElement> = new Map();
    let listed = "";

    const edge = () => (where.value ? JSON.parse(where.value) : null);

    function fill() {
      boxes.clear();
      const ticks: Map<string, HTMLElement> = new Map();
      groups.replaceChildren();
      for (const block of model.get("blocks")) {
        let group = ticks.get(block.group);
        if (!group) {
          group = element("div", "kw-ticks");
          group.setAttribute("role", "group");
          group.setAttribute("aria-label", block.group);
          ticks.set(block.group, group);
          groups.append(element("span", "kw-quiet", block.group), group);
        }
        const label = element("label", "kw-tick-box");
        const box = element("input");
        box.type = "checkbox";
        box.setAttribute("aria-label", `${block.name.replaceAll("_", " ")}, costs ${block.cost}`);
        box.addEventListener("change", () => change(box));
        boxes.set(block.name, box);
        const sign = element("span", "kw-sign");
        sign.append(mathematics(block.mathml));
        label.title = block.name.replaceAll("_", " ");
        label.append(box, sign, element("span", "kw-quiet kw-numbers", String(block.cost)));
        group.append(label);
      }
    }

    function change(box: HTMLInputElement) {
      const names = [...boxes].filter(([, other]) => other.checked).map(([name]) => name);
      if (names.length) {
        answer.textContent = "";
        model.send({ type: "blocks", names, edge: edge() });
      } else {
        box.checked = true;
        answer.textContent = "A search needs at least one building block.";
      }
    }

    function draw() {
      const { chosen, own, edges } = model.get("options");
      if (chosen === undefined) return;
      const single: Map<string, string[]> = new Map(
        own.map(([address, names]) => [JSON.stringify(address), names]),
      );
      const wanted = JSON.stringify([edges, own]);
      if (wanted !== listed) {
        listed = wanted;
        const held = drafts.get("edge") ?? "";
        const choices = edges.map(
          ([address, label]) =>
            new Option(
              `${label}${single.has(JSON.stringify(address)) ? " · its own" : ""}`,
              JSON.stringify(address),
            ),
        );
        where.replaceChildren(new Option("on every edge", ""), ...choices);
        where.value = held;
        if (where.selectedIndex < 0) where.value = "";
      }
      if (boxes.size !== model.get("blocks").length) fill();
      const names = new Set(single.get(where.value) ?? chosen);
      const busy = isBusy(model.get("state").status);
      for (const [name, box] of boxes) Object.assign(box, { checked: names.has(name), disabled: busy });
      const ordinary = model
        .get("blocks")
        .filter((b) => b.usual)
        .map((b) => b.name);
      usual.textContent = where.value ? "As on every edge" : "The usual ones";
      usual.disabled =
        busy ||
        (where.value
          ? !single.has(where.value)
          : ordinary.length === chosen.length && ordinary.every((n) => names.has(n)));
      const [sentence] = model.get("answers").blocks ?? [""];
      if (sentence) answer.textContent = sentence;
    }
    return { node, draw };
  }

  function draw() {
    const { chosen, own, example } = model.get("options");
    if (chosen === undefined) return;
    law.draw(example);
    start.draw(`${example.split(" = ")[0]} = …`);
    choice.draw();
    told.textContent = `${chosen.length} of ${model.get("blocks").length} building blocks${own.length ? `, ${own.length} ${own.length === 1 ? "edge" : "edges"} with a choice of its own` : ""}`;
  }
  return { panel, draw };
}
