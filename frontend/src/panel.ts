import type { TranslationBundle } from "@jupyterlab/translation";
import type { CommandRegistry } from "@lumino/commands";
import type { Message } from "@lumino/messaging";
import { Widget } from "@lumino/widgets";
import { type ISavedSession, type IStudy, listSessions } from "./api";
import { NEW_DISCOVERY, OPEN_SESSION, OPEN_STUDY, OPEN_TABLE } from "./commands";
import { networkIcon } from "./icon";

/** The left side panel: begin, studies, and sessions that were left. */
export class SidePanel extends Widget {
  constructor(
    private commands: CommandRegistry,
    private trans: TranslationBundle,
  ) {
    super();
    this.id = "kan-workbench-panel";
    this.addClass("kan-workbench-panel");
    this.title.icon = networkIcon;
    this.title.caption = trans.__("KAN Workbench");
    this.node.setAttribute("role", "region");
    this.node.setAttribute("aria-label", trans.__("KAN Workbench"));
    this.node.style.cssText = "overflow-y:auto;padding:8px 12px;color:var(--jp-ui-font-color1)";
    this.start = this.section(trans.__("Begin"));
    this.shelf = this.section(trans.__("Studies"));
    this.kept = this.section(trans.__("Recent sessions"));
    this.start.replaceChildren(
      this.entry(trans.__("New discovery"), trans.__("A table of yours, or an example"), () =>
        commands.execute(NEW_DISCOVERY),
      ),
      this.entry(
        trans.__("Open the selected table"),
        trans.__("CSV, TSV, Parquet or Excel, selected in the file browser"),
        () => commands.execute(OPEN_TABLE),
        OPEN_TABLE,
      ),
    );
  }

  /** Show the packaged notebooks. */
  setStudies(studies: IStudy[]): void {
    this.shelf.replaceChildren(
      ...studies.map((study) =>
        this.entry(study.title, study.summary, () => this.commands.execute(OPEN_STUDY, { name: study.name })),
      ),
    );
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    for (const [button, command] of this.checked) {
      button.disabled = !this.commands.isEnabled(command);
    }
    void this.refresh();
  }

  /** Ask for the sessions again. */
  private async refresh(): Promise<void> {
    try {
      const sessions = await listSessions();
      this.kept.replaceChildren(
        ...(sessions.length
          ? sessions.map((session) => this.session(session))
          : [this.note(this.trans.__("None yet: every session saves itself."))]),
      );
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      this.kept.replaceChildren(this.note(this.trans.__("They could not be listed: %1", said)));
    }
  }

  private session(session: ISavedSession): HTMLElement {
    const when = new Date(session.saved).toLocaleString(undefined, {
      dateStyle: "medium",
      timeStyle: "short",
    });
    const steps = this.trans._n("%2, %1 step", "%2, %1 steps", session.steps, when);
    const entry = this.entry(session.title, session.problem || steps, () =>
      this.commands.execute(OPEN_SESSION, { path: session.path }),
    );
    entry.disabled = session.problem !== "";
    return entry;
  }

  private section(title: string): HTMLElement {
    const head = document.createElement("h3");
    head.textContent = title;
    head.style.cssText = "margin:12px 0 6px;font-size:var(--jp-ui-font-size1);font-weight:600";
    const body = document.createElement("div");
    body.style.cssText = "display:grid;gap:4px";
    this.node.append(head, body);
    return body;
  }

  private entry(title: string, about: string, act: () => Promise<unknown>, command = ""): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "jp-mod-styled kan-workbench-entry";
    button.style.cssText =
      "display:grid;gap:2px;height:auto;padding:7px 10px;text-align:left;white-space:normal;" +
      "line-height:1.35;background:var(--jp-layout-color2);color:var(--jp-ui-font-color1)";
    const name = document.createElement("span");
    name.textContent = title;
    name.style.cssText = "font-weight:600;overflow-wrap:anywhere";
    const words = document.createElement("span");
    words.textContent = about;
    words.style.cssText =
      "font-size:var(--jp-ui-font-size0);color:var(--jp-ui-font-color2);overflow-wrap:anywhere";
    button.append(name, words);
    button.addEventListener("click", () => void act());
    if (command) {
      this.checked.set(button, command);
    }
    return button;
  }

  private note(text: string): HTMLElement {
    const line = document.createElement("p");
    line.textContent = text;
    line.style.cssText = "margin:0;color:var(--jp-ui-font-color2)";
    return line;
  }

  private start: HTMLElement;
  private shelf: HTMLElement;
  private kept: HTMLElement;
  private checked = new Map<HTMLButtonElement, string>();
}
