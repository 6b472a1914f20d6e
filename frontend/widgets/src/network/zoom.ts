/** Zoom and pan. */
import type { Scene } from "./scene";

const LARGEST_SCALE = 1.15;
const TALLEST = 560;
/** Many inputs may take more height, before their names can no longer be read. */
const READABLE_SCALE = 0.7;
const TALLEST_WHEN_MANY = 1200;

export function zoomOf(scene: Scene) {
  let view = { x: 0, y: 0, width: 1, height: 1 };

  function fitView() {
    scene.fitted = true;
    const across = scene.stage.clientWidth || 640;
    const tall = Math.max(
      TALLEST / scene.layout.height,
      Math.min(READABLE_SCALE, TALLEST_WHEN_MANY / scene.layout.height),
    );
    const scale = Math.max(Math.min(across / scene.layout.width, LARGEST_SCALE, tall), 0.2);
    scene.stage.style.height = `${Math.max(scene.layout.height * scale, 140).toFixed(0)}px`;
    const [width, height] = [across / scale, Math.max(scene.layout.height, 140 / scale)];
    view = { x: (scene.layout.width - width) / 2, y: (scene.layout.height - height) / 2, width, height };
    setView();
  }

  function setView() {
    scene.canvas.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  }

  /** What was zoomed or moved to stays when the page is turned. */
  function keep() {
    scene.fitted = false;
    scene.drafts.keep("zoom", view);
  }

  /** Once: afterwards the view is kept by not being fitted. */
  let known = scene.drafts.get("zoom");
  function restore() {
    if (!known || !scene.stage.clientWidth) return;
    view = known;
    known = undefined;
    scene.fitted = false;
    setView();
  }

  /**
   * @param factor above 1 moves away
   * @param atX share of the width that stays
   */
  function zoom(factor: number, atX = 0.5, atY = 0.5) {
    const width = Math.min(Math.max(view.width * factor, 120), 4 * scene.layout.width);
    const real = width / view.width;
    view = {
      x: view.x + view.width * (1 - real) * atX,
      y: view.y + view.height * (1 - real) * atY,
      width,
      height: view.height * real,
    };
    keep();
    setView();
  }

  scene.canvas.addEventListener(
    "wheel",
    (event) => {
      // A plain wheel scrolls the notebook.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const frame = scene.canvas.getBoundingClientRect();
      zoom(
        Math.exp(event.deltaY / 300),
        (event.clientX - frame.left) / frame.width,
        (event.clientY - frame.top) / frame.height,
      );
    },
    { passive: false },
  );

  let grip: { x: number; y: number } | null = null;
  scene.canvas.addEventListener("pointerdown", (event) => {
    grip = { x: event.clientX, y: event.clientY };
    scene.moved = false;
  });
  scene.canvas.addEventListener("pointermove", (event) => {
    if (!grip || !(event.buttons & 1)) return;
    const [dx, dy] = [event.clientX - grip.x, event.clientY - grip.y];
    if (!scene.moved && Math.hypot(dx, dy) < 4) return;
    if (!scene.moved) scene.canvas.setPointerCapture(event.pointerId);
    scene.moved = true;
    scene.fitted = false;
    const scale = view.width / scene.canvas.clientWidth;
    view = { ...view, x: view.x - dx * scale, y: view.y - dy * scale };
    grip = { x: event.clientX, y: event.clientY };
    scene.hideTip();
    setView();
  });
  scene.canvas.addEventListener("pointerup", () => {
    if (grip && scene.moved) keep();
    grip = null;
  });

  return { fitView, restore, zoom };
}
