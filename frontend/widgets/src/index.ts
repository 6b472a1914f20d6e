/** The module that all widgets of a kernel share: it puts their views up where the stubs find them. */
import "./common/common.css";
import { dataForm } from "./data";
import { exportPanel } from "./exports";
import { formulaTable } from "./formulas/table";
import { guide } from "./guide";
import type { Context } from "./model";
import { networkView } from "./network/view";
import { scriptView } from "./script";
import { putUp, type Views } from "./shelf";
import { trainingPanel } from "./training/panel";
import { versionTree } from "./versions";

const VIEWS: Views = {
  data: dataForm,
  exports: exportPanel,
  formulas: formulaTable,
  guide,
  network: networkView,
  script: scriptView,
  training: trainingPanel,
  versions: versionTree,
};

function initialize({ model }: Context<{ version: string; _esm: string }>): void {
  putUp(model.get("version"), model.get("_esm"), VIEWS);
}

export default { initialize };
