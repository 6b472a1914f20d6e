/** When a view is drawn. */

/** While a button is pressed: what lets it go. A press that ends elsewhere counts for some seconds. */
let pressed: AbortController | null = null;
const LONGEST_PRESS = 3000;

function letGo() {
  pressed?.abort();
  pressed = null;
}

export function press(event: Event) {
  if (!(event.target instanceof Element) || !event.target.closest("button")) return;
  letGo();
  const mine = new AbortController();
  pressed = mine;
  for (const type of ["pointerup", "pointercancel"])
    document.addEventListener(type, letGo, { capture: true, signal: mine.signal });
  setTimeout(() => pressed === mine && letGo(), LONGEST_PRESS);
}

/**
 * Traits of one message arrive one after the other: draw once, when all are there, and never take
 * away a button between its press and its click.
 */
export function painter(draw: () => void) {
  let waiting = 0;
  const frame = () => {
    waiting = pressed ? requestAnimationFrame(frame) : 0;
    if (!waiting) draw();
  };
  return {
    soon() {
      if (!waiting) waiting = requestAnimationFrame(frame);
    },
    stop() {
      cancelAnimationFrame(waiting);
    },
  };
}

/** Draw what is within anew, and give the focus to the control that carries the same ``data-keep`` as before. */
export function keepingFocus(within: HTMLElement, draw: () => void) {
  const active = document.activeElement;
  const held = active instanceof HTMLElement && within.contains(active) ? active.dataset.keep : undefined;
  draw();
  if (held === undefined) return;
  const controls = [...within.querySelectorAll<HTMLElement>("[data-keep]")];
  controls.find((control) => control.dataset.keep === held)?.focus({ preventScroll: true });
}
