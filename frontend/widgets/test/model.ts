import type { Command, Context } from "../src/model";

/** A model as anywidget gives it, and what was done with it. */
export function fakeContext<Traits extends object>(traits: Traits) {
  const handlers = new Map<string, Set<(...said: unknown[]) => void>>();
  const sent: Command[] = [];
  const tell = (event: string) => {
    for (const handler of [...(handlers.get(event) ?? [])]) handler();
  };
  const context: Context<Traits> = {
    el: document.createElement("div"),
    model: {
      get: (name) => traits[name],
      set: (name, value) => {
        traits[name] = value;
        tell(`change:${String(name)}`);
        tell("change");
      },
      save_changes: () => {},
      send: (command) => sent.push(command),
      on: (event, handler) => handlers.set(event, (handlers.get(event) ?? new Set()).add(handler)),
      off: (event, handler) => handlers.get(event)?.delete(handler),
    },
  };
  const listening = () => [...handlers.values()].reduce((sum, some) => sum + some.size, 0);
  return { context, sent, listening };
}
