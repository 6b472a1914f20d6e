/**
 * Where a page keeps the views that its kernels have sent, by version.
 *
 * Kernels and versions of the package share one page, so what is kept is plain: every version has to
 * understand it.
 */
import type { Render } from "./model";

// biome-ignore lint/suspicious/noExplicitAny: every view has traits of its own
export type Views = Record<string, Render<any>>;

/** Tells of views that were put up by an event whose name is their version. */
interface Shelf extends EventTarget {
  versions: Record<string, { text: string; views: Views }>;
}

const PLACE = Symbol.for("kan-workbench.views");

export function theShelf(): Shelf {
  const page = globalThis as { [PLACE]?: Shelf };
  page[PLACE] ??= Object.assign(new EventTarget(), { versions: {} });
  return page[PLACE];
}

/** Put views up; the same text, from a second kernel, changes nothing. */
export function putUp(version: string, text: string, views: Views): void {
  const shelf = theShelf();
  if (shelf.versions[version]?.text === text) return;
  shelf.versions[version] = { text, views };
  shelf.dispatchEvent(new Event(version));
}
