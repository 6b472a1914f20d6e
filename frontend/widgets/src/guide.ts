/** The head of the workbench: steps, what comes next, undo and redo. */
import { button, element } from "./common/dom";
import { frameOf } from "./common/frame";
import type { Context, PanelTraits } from "./model";
import "./guide.css";

interface Page {
  title: string;
  done: boolean;
  open: boolean;
}

interface GuideState {
  busy: boolean;
  share: number;
  job: string;
  undo: string;
  redo: string;
  title: string;
  note: string;
  /** Label of a button and its command. */
  answer: [string, string];
  saved: string;
  message: string;
  error: boolean;
}

interface GuideTraits extends PanelTraits {
  page: number;
  pages: Page[];
  hint: Partial<{ text: string; label: string; command: string }>;
  state: Partial<GuideState>;
}

export function guide({ model, el }: Context<GuideTraits>) {
  const frame = frameOf({ model, el }, "kw-guide", "KAN Workbench");
  const { root } = frame;
  const head = element("div", "kw-bar");
  const title = element("span", "kw-title kw-guide-title");
  const saved = element("span", "kw-quiet kw-saved");
  const undo = button("↶ Undo", () => model.send({ type: "undo" }));
  const redo = button("↷ Redo", () => model.send({ type: "redo" }));
  const tools = element("div", "kw-buttons kw-push");
  tools.append(saved, undo, redo);
  head.append(title, tools);

  const tabs = element("div", "kw-steps");
  tabs.setAttribute("role", "tablist");
  tabs.setAttribute("aria-label", "Steps");
  const note = element("div", "kw-note");
  const noteText = element("span");
  noteText.setAttribute("role", "status");
  const answer = button("", () => model.send({ type: model.get("state").answer?.[1] ?? "" }), {
    kind: "kw-small kw-push",
  });
  note.append(noteText, answer);
  const next = element("div", "kw-next");
  const hint = element("p", "kw-hint-text");
  hint.setAttribute("role", "status");
  const act = button("", () => model.send({ type: model.get("hint").command ?? "" }), { kind: "kw-first" });
  const progress = document.createElement("progress");
  progress.setAttribute("aria-label", "Progress");
  next.append(hint, progress, act);
  const message = element("p", "kw-message");
  message.setAttribute("role", "alert");
  root.append(head, tabs, note, next, message);

  function turn(page: number) {
    model.set("page", page);
    model.save_changes();
  }

  function drawTabs() {
    const pages = model.get("pages");
    while (tabs.children.length > pages.length) tabs.lastElementChild?.remove();
    pages.forEach((page, place) => {
      let tab = tabs.children[place] as HTMLButtonElement | undefined;
      if (!tab) {
        tab = element("button", "kw-step");
        tab.type = "button";
        tab.dataset.local = "";
        tab.setAttribute("role", "tab");
        tab.append(element("span", "kw-step-mark"), element("span", "", page.title));
        tab.addEventListener("click", () => turn(place));
        tabs.append(tab);
      }
      const here = place === model.get("page");
      tab.disabled = !page.open;
      tab.dataset.done = String(page.done);
      tab.setAttribute("aria-selected", String(here));
      tab.tabIndex = here ? 0 : -1;
      const mark = tab.firstElementChild as HTMLElement;
      mark.textContent = page.done ? "✓" : String(place + 1);
      tab.setAttribute("aria-label", page.done ? `${page.title}, done` : page.title);
    });
  }

  tabs.addEventListener("keydown", (event) => {
    const open = [...tabs.children].filter((tab) => !(tab as HTMLButtonElement).disabled);
    const at = open.indexOf(document.activeElement as Element);
    const to: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: open.length - 1,
    };
    if (!(event.key in to) || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const tab = open[(to[event.key] + open.length) % open.length] as HTMLElement;
    tab.click();
    tab.focus();
  });

  function draw() {
    const [state, said] = [model.get("state"), model.get("hint")];
    drawTabs();
    title.textContent = state.title || "KAN Workbench";
    title.title = state.title ?? "";
    saved.textContent = state.saved ?? "";
    saved.dataset.error = String(Boolean(state.saved) && state.saved !== "Saved");
    undo.disabled = state.busy || !state.undo;
    redo.disabled = state.busy || !state.redo;
    undo.title = state.undo ? `Take back: ${state.undo}` : "There is nothing to undo";
    redo.title = state.redo ? `Bring back: ${state.redo}` : "There is nothing to redo";
    note.hidden = !state.note;
    answer.textContent = state.answer?.[0] ?? "";
    if (noteText.textContent !== (state.note ?? "")) noteText.textContent = state.note ?? "";
    if (hint.textContent !== said.text) hint.textContent = said.text ?? "";
    act.textContent = said.label ?? "";
    act.hidden = !said.label;
    act.dataset.command = said.command ?? "";
    act.classList.toggle("kw-first", said.command !== "stop");
    progress.hidden = !state.busy || state.job === "train";
    progress.value = state.share ?? 0;
    const text = state.message ?? "";
    if (message.textContent !== text) message.textContent = text;
    message.dataset.error = String(Boolean(state.error));
    root.dataset.page = model.get("pages")[model.get("page")]?.title ?? "";
    root.dataset.busy = String(Boolean(state.busy));
  }

  return frame.paint(draw);
}
