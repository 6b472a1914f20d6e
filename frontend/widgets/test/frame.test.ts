import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { frameOf } from "../src/common/frame";
import { keepingFocus } from "../src/common/painting";
import type { PanelTraits } from "../src/model";
import { scriptView } from "../src/script";
import { fakeContext } from "./model";

beforeEach(() =>
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "requestAnimationFrame", "cancelAnimationFrame"],
  }),
);
afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

const nothing = (): PanelTraits => ({ drafts: {}, kept: null });

function framed(traits = nothing()) {
  const fake = fakeContext(traits);
  document.body.append(fake.context.el);
  return { ...fake, traits, frame: frameOf(fake.context, "kw-test", "Test") };
}

describe("paint", () => {
  it("draws once for all traits of a message", () => {
    const { frame, context } = framed();
    const draw = vi.fn();
    frame.paint(draw);
    vi.advanceTimersToNextFrame();
    context.model.set("kept", "a");
    context.model.set("kept", "b");
    vi.advanceTimersToNextFrame();
    expect(draw).toHaveBeenCalledTimes(2);
  });

  it("takes no button away between its press and its click", () => {
    const { frame, context } = framed();
    const draw = vi.fn();
    frame.paint(draw);
    vi.advanceTimersToNextFrame();
    const made = frame.root.appendChild(document.createElement("button"));
    made.dispatchEvent(new Event("pointerdown", { bubbles: true }));
    context.model.set("kept", "a");
    vi.advanceTimersToNextFrame();
    expect(draw).toHaveBeenCalledTimes(1);
    document.dispatchEvent(new Event("pointerup"));
    vi.advanceTimersToNextFrame();
    expect(draw).toHaveBeenCalledTimes(2);
  });

  it("leaves nothing behind", () => {
    const { frame, listening } = framed();
    const end = frame.paint(() => {}, ["kept", "status"]);
    expect(listening()).toBeGreaterThan(2);
    end();
    expect(listening()).toBe(0);
  });
});

describe("drafts", () => {
  it("keeps what is typed, and brings it back", () => {
    const { frame, traits } = framed();
    const field = document.createElement("input");
    field.dataset.draft = "name";
    frame.root.append(field);
    field.value = "half a wo";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    expect(traits.drafts).toEqual({ name: "half a wo" });
    field.value = "";
    frame.drafts.restore();
    expect(field.value).toBe("half a wo");
    frame.drafts.drop("name");
    expect(traits.drafts).toEqual({});
  });
});

describe("a kernel that is gone", () => {
  it("is said, and what needs it is switched off until it is back", () => {
    const { frame, context } = framed({ ...nothing(), kept: "a.kan" });
    const control = frame.root.appendChild(document.createElement("button"));
    frame.paint(() => {});
    context.el.dataset.kwKernel = "gone";
    frame.root.dispatchEvent(new Event("kan-workbench:kernel"));
    vi.advanceTimersToNextFrame();
    expect(frame.root.querySelector("[role=alert]")?.textContent).toContain("Your work is saved in a.kan");
    expect(control.disabled).toBe(true);
    delete context.el.dataset.kwKernel;
    frame.root.dispatchEvent(new Event("kan-workbench:kernel"));
    vi.advanceTimersToNextFrame();
    expect(control.disabled).toBe(false);
    expect(frame.root.querySelector(".kw-lost")).toBeNull();
  });
});

it("gives the focus back to the same control", () => {
  const list = document.body.appendChild(document.createElement("div"));
  const fill = () => {
    const made = document.createElement("button");
    made.dataset.keep = 'the "second"';
    list.replaceChildren(document.createElement("button"), made);
    return made;
  };
  fill().focus();
  keepingFocus(list, fill);
  expect(document.activeElement).toBe(list.lastElementChild);
});

it("shows a script as text", () => {
  const { context } = fakeContext({ ...nothing(), text: "x = '<b>'", name: "y.py" });
  const end = scriptView(context);
  vi.advanceTimersToNextFrame();
  expect(context.el.querySelector("pre")?.textContent).toBe("x = '<b>'");
  expect(context.el.querySelector("b")).toBeNull();
  end();
});
