import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { DocumentRegistry } from "@jupyterlab/docregistry";
import type { Kernel } from "@jupyterlab/services";
import type { Widget } from "@lumino/widgets";

/** What outputs that were made by a kernel are told: it is gone for good, or out of reach for now. */
type State = "gone" | "away" | "";

const TOLD = "kan-workbench:kernel";
const AGAIN = "kan-workbench:again";
const GONE: Kernel.Status[] = ["restarting", "autorestarting", "terminating", "dead"];

/** The parts of a notebook panel that are needed here. */
interface INotebook extends Widget {
  activeCellIndex: number;
  widgets: readonly Widget[];
}

/**
 * Tells the outputs of a notebook when their kernel is gone. They stay told: what a new kernel shows
 * stands in new outputs. The widgets' own manager notices a restart by hand alone.
 */
export class Lifeline implements DocumentRegistry.WidgetExtension {
  constructor(private app: JupyterFrontEnd) {}

  createNew(panel: Widget, context: DocumentRegistry.Context): void {
    const session = context.sessionContext;
    const notebook = (panel as unknown as { content: INotebook }).content;
    const tell = (state: State) => {
      for (const cell of notebook.widgets) {
        mark(cell.node, state);
      }
    };
    const onStatus = (_: unknown, status: Kernel.Status) => {
      if (GONE.includes(status)) {
        tell("gone");
      }
    };
    const onConnection = (_: unknown, status: Kernel.ConnectionStatus) =>
      tell(status === "connected" ? "" : "away");
    const onKernel = (_: unknown, change: { oldValue: unknown }) => {
      if (change.oldValue) {
        tell("gone");
      }
    };
    const onAgain = (event: Event) => void this.runTo(notebook, event.target as Node, context);
    session.statusChanged.connect(onStatus);
    session.connectionStatusChanged.connect(onConnection);
    session.kernelChanged.connect(onKernel);
    panel.node.addEventListener(AGAIN, onAgain);
    panel.disposed.connect(() => {
      session.statusChanged.disconnect(onStatus);
      session.connectionStatusChanged.disconnect(onConnection);
      session.kernelChanged.disconnect(onKernel);
      panel.node.removeEventListener(AGAIN, onAgain);
    });
  }

  /** Run everything down to the cell that holds a node, in a kernel that is there. */
  private async runTo(notebook: INotebook, node: Node, context: DocumentRegistry.Context): Promise<void> {
    const session = context.sessionContext;
    const place = notebook.widgets.findIndex((cell) => cell.node.contains(node));
    if (place < 0) {
      return;
    }
    const kernel = session.session?.kernel;
    if (!kernel || kernel.connectionStatus === "disconnected") {
      await session.startKernel(); // one that was shut down cannot be restarted
    } else if (kernel.status === "dead") {
      await session.restartKernel();
    }
    notebook.activeCellIndex = place;
    void this.app.commands.execute("notebook:run-all-above");
    void this.app.commands.execute("notebook:run-cell");
  }
}

/** Write the state on every output of a cell, and have what is drawn in it look. */
function mark(cell: HTMLElement, state: State): void {
  for (const output of cell.querySelectorAll<HTMLElement>(".jp-OutputArea-child")) {
    if (output.dataset.kwKernel === "gone") {
      continue;
    }
    if (state) {
      output.dataset.kwKernel = state;
    } else {
      delete output.dataset.kwKernel;
    }
    for (const view of output.querySelectorAll(".kw")) {
      view.dispatchEvent(new CustomEvent(TOLD));
    }
  }
}
