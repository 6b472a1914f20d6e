/** What is said when the kernel is gone. */
import type { Model, PanelTraits } from "../model";
import { button, element } from "./dom";
import { isBusy } from "./numbers";

const CONTROLS = "button, select, input:not([type='text']):not([type='search'])";
const DRAWN_CONTROLS = "svg [role='button'], .kw-formula-dot, .kw-handle";

/**
 * A kernel that is gone: it is said, and what needs it is switched off. The extension of JupyterLab
 * writes "gone", or "away" while the connection is lost, on the output; other hosts mark the widget.
 */
export function lifelineOf(model: Model<PanelTraits>, root: HTMLElement, signal: AbortSignal) {
  const strip = element("div", "kw-lost");
  const words = element("p");
  words.setAttribute("role", "alert");
  const again = button(
    "Run the cells up to here",
    () => root.dispatchEvent(new CustomEvent("kan-workbench:again", { bubbles: true })),
    { kind: "kw-small kw-push", local: true, label: "Run the cells above and this one" },
  );
  strip.append(element("span", "kw-lost-dot"), words, again);
  const watcher = new MutationObserver(cut);
  let shown = "";

  function cut() {
    for (const control of root.querySelectorAll<HTMLButtonElement>(CONTROLS)) {
      if (control.disabled || "local" in control.dataset) continue;
      control.disabled = true;
      control.dataset.cut = "";
    }
  }
  const refuse = (event: Event) => {
    const acts = event.type === "click" || ["Enter", " ", "Delete"].includes((event as KeyboardEvent).key);
    if (!shown || !acts || !(event.target instanceof Element) || !event.target.closest(DRAWN_CONTROLS))
      return;
    event.preventDefault();
    event.stopPropagation();
  };
  for (const type of ["click", "keydown"]) root.addEventListener(type, refuse, { capture: true, signal });
  signal.addEventListener("abort", () => watcher.disconnect());

  function sentence() {
    const [kept, state] = [model.get("kept"), model.get("state") ?? {}];
    const lost =
      state.busy === true || isBusy(model.get("status") ?? state.status ?? "")
        ? " What was running is lost: start it again."
        : "";
    if (shown === "away")
      return "There is no connection to the kernel. Nothing is lost; the page goes on by itself when the kernel answers.";
    const head = root.closest(".jp-OutputArea-child")?.querySelector(".kw-guide");
    again.hidden = Boolean(head && head !== root) || !root.closest("[data-kw-kernel]");
    if (head && head !== root)
      return `The kernel is gone. ${kept ? "Your work is saved. " : ""}Run this cell again to go on.`;
    const where = kept
      ? ` Your work is saved in ${kept}.${lost}`
      : kept === ""
        ? " What session.save() has not written is lost."
        : "";
    return `The kernel is gone.${where} Run this cell again to go on${kept ? " where you were" : ""}.`;
  }

  return {
    check() {
      const host = root.closest<HTMLElement>("[data-kw-kernel]");
      const now = host?.dataset.kwKernel ?? (root.closest(".jupyter-widgets-disconnected") ? "gone" : "");
      if (now === shown) return;
      shown = now;
      root.dataset.kernel = now;
      watcher.disconnect();
      if (!now) {
        strip.remove();
        for (const control of root.querySelectorAll<HTMLButtonElement>("[data-cut]")) {
          control.disabled = false;
          delete control.dataset.cut;
        }
        return;
      }
      again.hidden = true;
      words.textContent = sentence();
      root.prepend(strip);
      cut();
      watcher.observe(root, {
        childList: true,
        subtree: true,
        attributes: true,
        attributeFilter: ["disabled"],
      });
    },
  };
}
