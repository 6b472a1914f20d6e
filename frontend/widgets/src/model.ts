/** What the kernel and anywidget give to a view. */

/** A message that the kernel obeys. */
export type Command = { type: string; [argument: string]: unknown };

/** The traits that a widget syncs, by name. */
export interface Model<Traits> {
  get<Name extends keyof Traits>(name: Name): Traits[Name];
  set<Name extends keyof Traits>(name: Name, value: Traits[Name]): void;
  save_changes(): void;
  send(command: Command, callbacks?: undefined, buffers?: ArrayBuffer[]): void;
  // biome-ignore lint/suspicious/noExplicitAny: anywidget says what came without a type
  on(event: string, handler: (...said: any[]) => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  off(event: string, handler: (...said: any[]) => void): void;
}

export interface Context<Traits> {
  model: Model<Traits>;
  el: HTMLElement;
}

/** Draws a widget into an element; what comes back ends that. */
export type Render<Traits> = (context: Context<Traits>) => () => void;

/** What every widget syncs; the last two only where they have them. */
export interface PanelTraits {
  // biome-ignore lint/suspicious/noExplicitAny: every field knows what it keeps
  drafts: Record<string, any>;
  /** The file that holds the work; "" where nothing is saved by itself, null where there is nothing to save. */
  kept: string | null;
  state?: { status?: string; busy?: unknown; message?: string };
  status?: string;
}

/** A trait that is an empty dictionary until there is something to say. */
export type Maybe<Told> = Told | { [Key in keyof Told]?: undefined };
