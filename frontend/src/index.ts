import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette } from "@jupyterlab/apputils";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { type IStudy, listStudies } from "./api";
import { addCommands, NEW_DISCOVERY, OPEN_STUDY, OPEN_TABLE } from "./commands";
import { networkIcon } from "./icon";
import { Lifeline } from "./lifeline";
import { SidePanel } from "./panel";
import { FirstRun } from "./running";

const PLUGIN = "kan-workbench-labextension:plugin";
const SHOW_PANEL = "kan-workbench:show-panel";
const PANEL_RANK = 650;

/** Tables that JupyterLab has no type for; the context menu knows files by their types. */
const FILE_TYPES = [
  { name: "parquet", displayName: "Parquet", extensions: [".parquet", ".pq"] },
  { name: "xlsx", displayName: "Excel", extensions: [".xlsx"] },
];

/** Titles are known before the server has answered, for menus that ask early. */
const studies = new Map<string, IStudy>(
  [
    ["tour", "Tour"],
    ["equations", "Differential equations"],
    ["knots", "Knot invariants"],
    ["localization", "Anderson localization"],
  ].map(([name, title]) => [name, { name, title, summary: "" }]),
);

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN,
  description: "Guided studies and new discoveries with Kolmogorov–Arnold networks",
  autoStart: true,
  optional: [ILauncher, ICommandPalette, IDefaultFileBrowser, ISettingRegistry, ITranslator, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
  ) => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load("kan_workbench");
    const category = trans.__("KAN Workbench");
    let settings: ISettingRegistry.ISettings | null = null;
    // The widgets' style sheet has the colours of every choice.
    const dress = (loaded: ISettingRegistry.ISettings) => {
      document.body.dataset.kwCurves = String(loaded.composite.curves);
    };
    registry?.load(PLUGIN).then(
      (loaded) => {
        settings = loaded;
        dress(loaded);
        loaded.changed.connect(dress);
      },
      (error) => console.warn("KAN Workbench: no settings.", error),
    );
    for (const type of FILE_TYPES) {
      if (!app.docRegistry.getFileType(type.name)) {
        app.docRegistry.addFileType({
          ...type,
          mimeTypes: [],
          contentType: "file",
          fileFormat: "base64",
        });
      }
    }
    app.docRegistry.addWidgetExtension("Notebook", new FirstRun(app));
    app.docRegistry.addWidgetExtension("Notebook", new Lifeline(app));
    addCommands({ app, browser, settings: () => settings, studies, trans });

    const panel = new SidePanel(commands, trans);
    app.shell.add(panel, "left", { rank: PANEL_RANK });
    restorer?.add(panel, panel.id);
    commands.addCommand(SHOW_PANEL, {
      label: trans.__("Show KAN Workbench Panel"),
      caption: trans.__("Studies, recent sessions, and a new discovery"),
      execute: () => app.shell.activateById(panel.id),
      describedBy: { args: { type: "object", properties: {} } },
    });

    launcher?.add({ command: NEW_DISCOVERY, category, rank: 0 });
    for (const command of [NEW_DISCOVERY, OPEN_TABLE, SHOW_PANEL]) {
      palette?.addItem({ command, category, args: { isPalette: true } });
    }

    // Not awaited: the application must not wait for the list.
    listStudies().then(
      (found) => {
        panel.setStudies(found);
        found.forEach((study, place) => {
          studies.set(study.name, study);
          const args = { name: study.name };
          launcher?.add({
            command: OPEN_STUDY,
            category,
            args,
            rank: place + 1,
          });
          palette?.addItem({
            command: OPEN_STUDY,
            category,
            args: { ...args, isPalette: true },
          });
        });
        commands.notifyCommandChanged(OPEN_STUDY);
      },
      (error) => console.warn("KAN Workbench: the studies could not be listed.", error),
    );
  },
};

export { networkIcon };
export default plugin;
