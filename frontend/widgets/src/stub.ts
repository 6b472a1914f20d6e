/**
 * What every widget sends of its own: it draws the view that the kernel's ``FrontEnd`` has put up, as
 * soon as that is there, and again when a developer has changed it.
 */
import type { Context } from "./model";
import { theShelf } from "./shelf";

interface StubTraits {
  /** Name of the view. */
  _view: string;
  _version: string;
}

const PATIENCE = 10_000;

function render(context: Context<StubTraits>): () => void {
  const shelf = theShelf();
  const [view, version] = [context.model.get("_view"), context.model.get("_version")];
  let end = () => {};
  const draw = () => {
    end();
    context.el.replaceChildren();
    end = (shelf.versions[version]?.views[view] ?? waiting)(context);
  };
  draw();
  shelf.addEventListener(version, draw);
  return () => {
    shelf.removeEventListener(version, draw);
    end();
  };
}

/** Nothing, and after some seconds the reason. */
function waiting({ el }: Context<StubTraits>): () => void {
  const timer = setTimeout(() => {
    el.textContent = "What draws this widget has not come from the kernel. Run the cell again.";
  }, PATIENCE);
  return () => clearTimeout(timer);
}

export default { render };
