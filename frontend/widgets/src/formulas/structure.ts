/** What a discovery saw in the table: scalings, sums, factors; each can be used or refused. */
import { button, element } from "../common/dom";
import { isBusy } from "../common/numbers";
import { keepingFocus } from "../common/painting";
import type { Model } from "../model";
import type { FormulaTraits } from "./table";

export interface Finding {
  sentence: string;
  evidence: string;
  refused: boolean;
  usable: boolean;
}

export function structureList(model: Model<FormulaTraits>) {
  const panel = element("section", "kw-structure");
  panel.setAttribute("aria-label", "Structure in the table");
  const answer = element("p", "kw-message");
  answer.setAttribute("role", "status");
  const list = element("ul");
  panel.append(element("h4", "kw-title", "Structure in the table"), list, answer);

  let drawn = "";

  function line(finding: Finding, place: number) {
    const node = element("li", finding.refused ? "kw-refused" : "");
    const words = element("span", "", finding.sentence);
    const evidence = element("span", "kw-quiet kw-numbers", finding.evidence);
    const idle = !isBusy(model.get("state").status);
    const use = button("Use", () => model.send({ type: "take", text: finding.sentence }), {
      kind: "kw-small",
      label: `Begin a network with this: ${finding.sentence}`,
    });
    const refuse = button(
      finding.refused ? "Allow again" : "Refuse",
      () => model.send({ type: "refuse", text: finding.sentence }),
      { kind: "kw-small", label: `${finding.refused ? "Allow again" : "Refuse"}: ${finding.sentence}` },
    );
    refuse.title = "Other networks are then tried without it";
    use.disabled = refuse.disabled = !idle;
    use.dataset.keep = `use${place}`;
    refuse.dataset.keep = `refuse${place}`;
    const choice = element("span", "kw-choice");
    choice.append(...(finding.usable && !finding.refused ? [use] : []), refuse);
    node.append(words, evidence, choice);
    return node;
  }

  return {
    panel,
    draw() {
      const findings = model.get("structure");
      panel.hidden = !findings.length;
      const sign = JSON.stringify([findings, isBusy(model.get("state").status)]);
      if (sign !== drawn) {
        drawn = sign;
        keepingFocus(list, () => list.replaceChildren(...findings.map(line)));
      }
      const [sentence, error] = model.get("answers").take ?? ["", false];
      if (answer.textContent !== sentence) answer.textContent = sentence;
      answer.dataset.error = String(error);
    },
  };
}
