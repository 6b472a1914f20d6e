import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { DocumentRegistry } from "@jupyterlab/docregistry";
import type { Widget } from "@lumino/widgets";

const KEY = "kan-workbench:run-once-opened";
const PATIENCE_MS = 60_000;

/** Have a notebook that was made just now run as soon as it is open, in this page or another one. */
export function runOnceOpened(path: string): void {
  // Notebook 7 opens it in a page of its own, which shares nothing else with this one. What is to run
  // must not stand in the notebook: one from elsewhere could then run by itself.
  localStorage.setItem(KEY, JSON.stringify({ path, until: Date.now() + PATIENCE_MS }));
}

function isDue(path: string): boolean {
  const due = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  if (due.path !== path) {
    return false;
  }
  localStorage.removeItem(KEY);
  return Date.now() < due.until;
}

/** Runs the notebooks that ``runOnceOpened`` names. */
export class FirstRun implements DocumentRegistry.WidgetExtension {
  constructor(private app: JupyterFrontEnd) {}

  createNew(panel: Widget, context: DocumentRegistry.Context): void {
    void this.run(panel, context);
  }

  private async run(panel: Widget, context: DocumentRegistry.Context): Promise<void> {
    // Never ready in the page from which Notebook 7 opens another one: it drops its own panel.
    await context.ready;
    await context.sessionContext.ready;
    // The reader may have turned to another notebook: the command would run what is in front.
    if (isDue(context.path) && this.app.shell.currentWidget === panel) {
      void this.app.commands.execute("notebook:run-all-cells");
    }
  }
}
