/** The Python of everything that was done so far. */
import { button, element, region } from "./common/dom";
import { copy, download } from "./common/files";
import { frameOf } from "./common/frame";
import type { Context, PanelTraits } from "./model";

interface ScriptTraits extends PanelTraits {
  text: string;
  /** Of the file that it is saved as. */
  name: string;
}

export function scriptView({ model, el }: Context<ScriptTraits>) {
  const frame = frameOf({ model, el }, "kw-script", "Script");
  const { root } = frame;
  const bar = element("div", "kw-bar");
  const name = element("span", "kw-title kw-ellipsis");
  const tools = element("div", "kw-buttons kw-push");
  tools.append(
    copy("Copy", () => model.get("text")),
    button("Save", () => download(model.get("name"), model.get("text")), {
      label: "Save the script",
      local: true,
    }),
  );
  bar.append(
    name,
    element("span", "kw-quiet", "run elsewhere it gives the same formula to the last digit"),
    tools,
  );
  const text = region("pre", "kw-pre", "Script");
  root.append(bar, text);

  return frame.paint(() => {
    name.textContent = model.get("name");
    if (text.textContent !== model.get("text")) text.textContent = model.get("text");
  });
}
