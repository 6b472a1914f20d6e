import { afterEach, expect, it, vi } from "vitest";
import { putUp } from "../src/shelf";
import stub from "../src/stub";
import { fakeContext } from "./model";

afterEach(() => vi.useRealTimers());

let count = 0;
/** A widget whose version no other test has, and a view of it that counts. */
function widget() {
  const version = `version ${count++}`;
  const { context } = fakeContext({ _view: "view", _version: version });
  const end = vi.fn();
  const view = vi.fn(({ el }: { el: HTMLElement }) => {
    el.append("drawn");
    return end;
  });
  return { version, context, view, end };
}

it("draws what is there", () => {
  const { version, context, view, end } = widget();
  putUp(version, "text", { view });
  const stop = stub.render(context);
  expect(context.el.textContent).toBe("drawn");
  stop();
  expect(end).toHaveBeenCalledTimes(1);
});

it("waits for what comes later, and says so when nothing comes", () => {
  vi.useFakeTimers();
  const { version, context, view } = widget();
  stub.render(context);
  vi.advanceTimersByTime(20_000);
  expect(context.el.textContent).toMatch(/has not come from the kernel/);
  putUp(version, "text", { view });
  expect(context.el.textContent).toBe("drawn");
});

it("does not draw again when a second kernel sends the same", () => {
  const { version, context, view } = widget();
  stub.render(context);
  putUp(version, "text", { view });
  putUp(version, "text", { view: vi.fn(() => () => {}) });
  expect(view).toHaveBeenCalledTimes(1);
});

it("draws again when a developer has changed it", () => {
  const { version, context, view, end } = widget();
  stub.render(context);
  putUp(version, "text", { view });
  const changed = vi.fn(() => () => {});
  putUp(version, "another text", { view: changed });
  expect(end).toHaveBeenCalledTimes(1);
  expect(changed).toHaveBeenCalledTimes(1);
});

it("keeps versions apart", () => {
  const [one, two] = [widget(), widget()];
  stub.render(one.context);
  stub.render(two.context);
  putUp(one.version, "text", { view: one.view });
  expect(two.context.el.textContent).toBe("");
  putUp(two.version, "text", { view: two.view });
  expect([one.view, two.view].map((view) => view.mock.calls.length)).toEqual([1, 1]);
});

it("hears nothing when it has ended", () => {
  const { version, context, view } = widget();
  stub.render(context)();
  putUp(version, "text", { view });
  expect(view).not.toHaveBeenCalled();
});
