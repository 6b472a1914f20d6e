/** Taking the results away: code with Copy and Save, and files. */
import { button, element, region } from "./common/dom";
import { copy, download } from "./common/files";
import { frameOf } from "./common/frame";
import { mathematics } from "./common/mathematics";
import type { Context, Maybe, PanelTraits } from "./model";
import "./exports.css";

/** The code of one language. */
interface Shown {
  language: string;
  text: string;
  name: string;
  checked: string;
  note: string;
  /** Names and texts of files that it needs. */
  companions: [string, string][];
}

interface ExportTraits extends PanelTraits {
  /** Keys and names. */
  languages: [string, string][];
  files: { kind: string; title: string; about: string; ready: boolean }[];
  shown: Maybe<Shown>;
  state: { formula: string; legend: string[]; message: string; error: boolean; busy: string };
}

export function exportPanel({ model, el }: Context<ExportTraits>) {
  const frame = frameOf({ model, el }, "kw-exports", "Export");
  const { root } = frame;
  const formula = element("div", "kw-math");
  const legend = element("div");
  const body = element("div", "kw-export-body");
  const languages = element("div", "kw-languages");
  languages.setAttribute("role", "radiogroup");
  languages.setAttribute("aria-label", "Language of the formula");
  const code = element("div", "kw-code");
  body.append(languages, code);
  const files = element("div", "kw-file-list");
  files.setAttribute("role", "group");
  files.setAttribute("aria-label", "Files");
  const message = element("p", "kw-message");
  message.setAttribute("role", "status");
  root.append(formula, legend, body, element("h4", "kw-heading", "Save the rest"), files, message);

  function drawLanguages() {
    const shown = model.get("state").busy || model.get("shown").language;
    const has = Boolean(model.get("state").formula);
    const all = model.get("languages");
    const names = all.map(([key]) => key);
    const here =
      shown !== undefined && names.includes(shown) ? shown : (model.get("shown").language ?? names[0]);
    all.forEach(([key, name], place) => {
      let made = languages.children[place] as HTMLButtonElement | undefined;
      if (!made) {
        made = button(name, () => model.send({ type: "show", language: key }), { kind: "kw-language" });
        made.setAttribute("role", "radio");
        made.dataset.language = key;
        languages.append(made);
      }
      made.disabled = !has;
      made.setAttribute("aria-checked", String(has && key === here));
      made.tabIndex = key === here ? 0 : -1;
    });
  }

  languages.addEventListener("keydown", (event) => {
    const all = [...languages.children];
    const at = all.indexOf(document.activeElement as Element);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = all[(at + step + all.length) % all.length] as HTMLElement;
    next.focus();
    next.click();
  });

  function drawCode() {
    const [shown, state] = [model.get("shown"), model.get("state")];
    if (!state.formula) {
      code.replaceChildren(
        element("p", "kw-empty", "There is no formula yet. What is below can be saved all the same."),
      );
      return;
    }
    if (
      shown.text === undefined ||
      (state.busy && state.busy !== shown.language && model.get("languages").some((l) => l[0] === state.busy))
    ) {
      code.replaceChildren(
        element("p", "kw-empty kw-loading", "Writing it, running it and comparing it with the formula…"),
      );
      return;
    }
    const bar = element("div", "kw-bar");
    const name = element("span", "kw-title kw-ellipsis", shown.name);
    const check = element("span", "kw-quiet kw-wrap", shown.checked ? `✓ ${shown.checked}` : shown.note);
    const tools = element("div", "kw-buttons kw-push");
    tools.append(
      copy("Copy", () => shown.text),
      button(
        "Save",
        () => {
          for (const [file, text] of [[shown.name, shown.text], ...shown.companions]) download(file, text);
        },
        { label: `Save ${shown.name}`, local: true },
      ),
    );
    bar.append(name, check, tools);
    const text = region("pre", "kw-pre", shown.name, shown.text);
    code.replaceChildren(bar, text);
  }

  function drawFiles() {
    const busy = model.get("state").busy;
    const all = model.get("files");
    const held = files.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset.kind
      : undefined;
    files.replaceChildren(
      ...all.map(({ kind, title, about, ready }) => {
        const card = button("", () => model.send({ type: "save", kind }), { kind: "kw-card" });
        card.dataset.kind = kind;
        card.disabled = !ready || busy === kind;
        card.append(
          element("span", "kw-title", busy === kind ? `${title}: being made…` : `↓ ${title}`),
          element("span", "kw-quiet", about),
        );
        return card;
      }),
    );
    if (held) files.querySelector<HTMLElement>(`[data-kind="${held}"]`)?.focus();
  }

  function draw() {
    const state = model.get("state");
    if (formula.dataset.shown !== state.formula) {
      formula.replaceChildren(mathematics(state.formula ?? ""));
      legend.replaceChildren(
        ...(state.legend ?? []).map((sentence) => element("p", "kw-quiet kw-wrap", sentence)),
      );
      formula.dataset.shown = state.formula ?? "";
    }
    drawLanguages();
    drawCode();
    drawFiles();
    if (message.textContent !== state.message) message.textContent = state.message ?? "";
    message.dataset.error = String(Boolean(state.error));
    root.dataset.language = model.get("shown").language ?? "";
    root.dataset.busy = state.busy ?? "";
  }

  function receive(sent: { type: string; name: string }, buffers: DataView[]) {
    if (sent.type === "file" && buffers[0]) download(sent.name, new Blob([buffers[0] as BlobPart]));
  }

  frame.on("msg:custom", receive);
  return frame.paint(draw);
}
