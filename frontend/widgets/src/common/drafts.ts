/** What was typed and not yet used. */
import type { Model, PanelTraits } from "../model";

export type Drafts = ReturnType<typeof draftsOf>;

/** Any field, or what can be unfolded, as its values are read. */
type Field = HTMLElement & { type?: string; open?: boolean; checked?: boolean; value?: string };

/** Where a field holds what is kept. */
function keyOf(field: Field) {
  if ("open" in field) return "open";
  return field.type === "checkbox" ? "checked" : "value";
}

/**
 * What was typed, opened or zoomed and not yet used, in one place: the trait ``drafts``, which the
 * kernel never writes. A field with ``data-draft`` is kept and brought back by itself.
 */
export function draftsOf(model: Model<PanelTraits>, root: HTMLElement, signal: AbortSignal) {
  let busy = false;
  const all = (): PanelTraits["drafts"] => model.get("drafts") ?? {};
  const write = (next: PanelTraits["drafts"]) => {
    busy = true;
    model.set("drafts", next);
    busy = false;
    model.save_changes();
  };
  const keep = (name: string, value: unknown) => {
    if (JSON.stringify(all()[name]) !== JSON.stringify(value)) write({ ...all(), [name]: value });
  };
  const drop = (name: string) => {
    const { [name]: gone, ...rest } = all();
    if (gone !== undefined) write(rest);
  };
  const note = (event: Event) => {
    const field = event.target as Field;
    if (field.dataset?.draft) keep(field.dataset.draft, field[keyOf(field)]);
  };
  for (const type of ["input", "change", "toggle"])
    root.addEventListener(type, note, { capture: true, signal });
  return {
    get: (name: string) => all()[name],
    keep,
    drop,
    writing: () => busy,
    restore() {
      for (const field of root.querySelectorAll<Field>("[data-draft]")) {
        const value = all()[field.dataset.draft ?? ""];
        const there =
          !(field instanceof HTMLSelectElement) || [...field.options].some((o) => o.value === value);
        if (value !== undefined && there && field[keyOf(field)] !== value)
          Object.assign(field, { [keyOf(field)]: value });
      }
    },
  };
}
