import { expect, it } from "vitest";
import { draftsOf } from "../src/common/drafts";
import { searchOptions } from "../src/formulas/options";
import type { FormulaTraits } from "../src/formulas/table";
import type { Model, PanelTraits } from "../src/model";
import { fakeContext } from "./model";

function shown(status: string) {
  const { context, sent } = fakeContext({
    state: { status },
    options: { chosen: [], own: [], edges: [], example: "y = f(a)" },
    blocks: [],
    answers: {},
    drafts: {},
  } as unknown as FormulaTraits);
  const signal = new AbortController().signal;
  const drafts = draftsOf(context.model as unknown as Model<PanelTraits>, context.el, signal);
  const options = searchOptions(context.model, drafts);
  options.draw();
  const [law] = options.panel.querySelectorAll<HTMLInputElement>("input[type=text]");
  const enter = (text: string) => {
    law.value = text;
    law.dispatchEvent(new Event("input"));
    law.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" }));
  };
  const turn = (next: string) => {
    context.model.set("state", { status: next } as FormulaTraits["state"]);
    options.draw();
  };
  return { panel: options.panel, sent, law, enter, turn };
}

it("sends what was typed by Enter", () => {
  const { sent, enter } = shown("ready");
  enter("y = a");
  expect(sent).toEqual([{ type: "law", text: "y = a" }]);
});

it("keeps Enter until what is running has ended", () => {
  const { panel, sent, enter, turn } = shown("running");
  enter("y = a");
  turn("running");
  expect(sent).toEqual([]);
  expect(panel.textContent).toContain("waits until what is running has ended");
  turn("done");
  turn("done");
  expect(sent).toEqual([{ type: "law", text: "y = a" }]);
  expect(panel.textContent).not.toContain("waits until");
});

it("forgets Enter when the text is changed", () => {
  const { sent, law, enter, turn } = shown("running");
  enter("y = a");
  law.value = "y = b";
  law.dispatchEvent(new Event("input"));
  turn("done");
  expect(sent).toEqual([]);
});
