// @ts-check
/** The Python of everything that was done so far. */
import { button, copy, download, element, frameOf } from "./shared.js";

/** @param {{ model: any, el: HTMLElement }} context */
function render({ model, el }) {
  const frame = frameOf({ model, el }, "kw-script", "Script");
  const { root } = frame;
  const bar = element("div", "kw-bar");
  const name = element("span", "kw-title kw-ellipsis");
  const tools = element("div", "kw-buttons kw-push");
  tools.append(copy("Copy", () => model.get("text")), button("Save", () => download(model.get("name"), model.get("text")), { label: "Save the script", local: true }));
  bar.append(name, element("span", "kw-quiet", "run elsewhere it gives the same formula to the last digit"), tools);
  const text = element("pre", "kw-pre");
  text.tabIndex = 0;
  text.setAttribute("role", "region");
  text.setAttribute("aria-label", "Script");
  root.append(bar, text);

  return frame.paint(() => {
    name.textContent = model.get("name");
    if (text.textContent !== model.get("text")) text.textContent = model.get("text");
  });
}

export default { render };
