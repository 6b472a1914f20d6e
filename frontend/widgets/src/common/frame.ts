/** The frame of a view. */
import type { Context, PanelTraits } from "../model";
import { element } from "./dom";
import { draftsOf } from "./drafts";
import { lifelineOf } from "./lifeline";
import { painter, press } from "./painting";

export type Frame = ReturnType<typeof frameOf>;

/**
 * The frame of a view: its root, what was typed and not yet used, whether the kernel is there. All
 * that is added with ``signal`` or ``on`` ends with ``end``, which the host calls.
 * @param kind class
 */
export function frameOf({ model, el }: Context<PanelTraits>, kind: string, label: string) {
  const ending = new AbortController();
  const { signal } = ending;
  const root = element("section", `kw ${kind}`);
  root.setAttribute("aria-label", label);
  el.append(root);
  root.addEventListener("pointerdown", press, { capture: true, signal });
  // biome-ignore lint/suspicious/noExplicitAny: as of the model
  const on = (event: string, handler: (...said: any[]) => void) => {
    model.on(event, handler);
    signal.addEventListener("abort", () => model.off(event, handler));
  };
  const drafts = draftsOf(model, root, signal);
  const lifeline = lifelineOf(model, root, signal);

  /**
   * Draw soon, and whenever a trait changes that ``changed`` finds worth it.
   * @param traits all of them by default
   */
  function paint(
    draw: () => void,
    traits: string[] = [""],
    changed: (trait: string) => void = () => undefined,
  ) {
    const screen = painter(() => {
      lifeline.check();
      drafts.restore();
      draw();
      drafts.restore();
    });
    for (const trait of traits) {
      on(trait ? `change:${trait}` : "change", () => {
        if (drafts.writing()) return;
        changed(trait);
        screen.soon();
      });
    }
    on("comm_live_update", screen.soon);
    root.addEventListener("kan-workbench:kernel", screen.soon, { signal });
    signal.addEventListener("abort", screen.stop);
    screen.soon();
    return end;
  }

  function end() {
    ending.abort();
  }
  return { root, signal, on, drafts, paint, end };
}
