import type { JupyterFrontEnd } from "@jupyterlab/application";
import { showErrorMessage } from "@jupyterlab/apputils";
import type { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import type { ISettingRegistry } from "@jupyterlab/settingregistry";
import type { TranslationBundle } from "@jupyterlab/translation";
import {
  copyNotebook,
  type IMade,
  type IStudy,
  notebookForSession,
  notebookForTable,
  type SessionSettings,
} from "./api";
import { networkIcon } from "./icon";
import { runOnceOpened } from "./running";

export const OPEN_STUDY = "kan-workbench:open";
export const NEW_DISCOVERY = "kan-workbench:new-discovery";
export const OPEN_TABLE = "kan-workbench:open-table";
export const OPEN_SESSION = "kan-workbench:open-session";

const TABLES =
  /\.(csv|tsv|txt|dat|tab|data|asc|psv|parquet|pq|feather|arrow|ipc|xlsx|xlsm|xls|ods|jsonl?|ndjson|sqlite3?|db|mat|h5|hdf5?|he5|nc4?|cdf|fits?|fts|gz|bz2|xz|zip)$/i;
const DEFAULTS: SessionSettings = { precision: "float64", threads: 1, rate: 20 };

/** What the commands need of the application. */
export interface IContext {
  app: JupyterFrontEnd;
  browser: IDefaultFileBrowser | null;
  settings: () => ISettingRegistry.ISettings | null;
  studies: Map<string, IStudy>;
  trans: TranslationBundle;
}

/** Settings of a new session that are not the defaults. */
function chosen(settings: ISettingRegistry.ISettings | null): SessionSettings {
  const found: SessionSettings = {};
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    const value = settings?.get(name).composite;
    if (value !== undefined && value !== null && value !== usual) {
      found[name] = value as string | number;
    }
  }
  return found;
}

/** The table that is selected in the file browser, or "". */
export function selectedTable(browser: IDefaultFileBrowser | null): string {
  for (const item of browser?.selectedItems() ?? []) {
    if (item.type !== "directory" && TABLES.test(item.path)) {
      return item.path;
    }
  }
  return "";
}

/** Add every command; each one describes its arguments. */
export function addCommands(context: IContext): void {
  const { app, browser, settings, studies, trans } = context;
  const { commands } = app;
  const folder = (args: { cwd?: unknown }) =>
    typeof args.cwd === "string" ? args.cwd : (browser?.model.path ?? "");
  const cwd = {
    type: "string",
    description: trans.__("Folder of the notebook"),
  };
  const isPalette = {
    type: "boolean",
    description: trans.__("Whether the label is for the palette"),
  };

  async function show(make: Promise<IMade>, run: boolean): Promise<void> {
    try {
      const { path, created } = await make;
      if (run && created) {
        runOnceOpened(path);
      }
      // A layout that is being restored would come to the front again.
      await app.restored;
      await commands.execute("docmanager:open", { path, factory: "Notebook" });
    } catch (error) {
      await showErrorMessage(
        trans.__("The notebook could not be opened"),
        error instanceof Error ? error.message : String(error),
      );
    }
  }

  commands.addCommand(NEW_DISCOVERY, {
    label: (args) => (args.isPalette ? trans.__("New KAN Discovery") : trans.__("New discovery")),
    caption: trans.__("Find a formula in your own table"),
    icon: (args) => (args.isPalette ? undefined : networkIcon),
    execute: (args) => show(copyNotebook("new-discovery", folder(args), chosen(settings())), true),
    describedBy: { args: { type: "object", properties: { cwd, isPalette } } },
  });

  const titleOf = (args: { name?: unknown }) => studies.get(String(args.name))?.title ?? String(args.name);
  commands.addCommand(OPEN_STUDY, {
    label: (args) => (args.isPalette ? trans.__("Open Study: %1", titleOf(args)) : titleOf(args)),
    caption: (args) => studies.get(String(args.name))?.summary ?? "",
    icon: (args) => (args.isPalette ? undefined : networkIcon),
    execute: (args) => show(copyNotebook(String(args.name), folder(args)), false),
    describedBy: {
      args: {
        type: "object",
        properties: {
          name: { type: "string", description: trans.__("Name of the study") },
          cwd,
          isPalette,
        },
        required: ["name"],
      },
    },
  });

  commands.addCommand(OPEN_TABLE, {
    label: trans.__("Open in KAN Workbench"),
    caption: trans.__("Find a formula in this table"),
    icon: (args) => (args.isPalette ? undefined : networkIcon),
    isEnabled: (args) => typeof args.path === "string" || selectedTable(browser) !== "",
    execute: (args) => {
      const path = typeof args.path === "string" ? args.path : selectedTable(browser);
      return show(notebookForTable(path, chosen(settings())), true);
    },
    describedBy: {
      args: {
        type: "object",
        properties: {
          path: {
            type: "string",
            description: trans.__("CSV, TSV, Parquet or Excel file; the selected one by default"),
          },
          isPalette,
        },
      },
    },
  });

  commands.addCommand(OPEN_SESSION, {
    label: trans.__("Open Saved KAN Session"),
    caption: trans.__("Go on where a session was left"),
    execute: (args) => show(notebookForSession(String(args.path), folder(args)), true),
    describedBy: {
      args: {
        type: "object",
        properties: {
          path: { type: "string", description: trans.__("File of the session") },
          cwd,
        },
        required: ["path"],
      },
    },
  });
}
