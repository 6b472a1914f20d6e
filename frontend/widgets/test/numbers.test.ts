import { describe, expect, it } from "vitest";
import { apart, floats, isBusy, readable, shortened } from "../src/common/numbers";

describe("readable", () => {
  it.each([
    [0, "0"],
    [1.23456, "1.23"],
    [-0.5, "−0.5"],
    [12345, "12300"],
    [1.5e7, "1.5e7"],
    [1e-4, "1e−4"],
    [-2.25e-5, "−2.25e−5"],
    [Number.NaN, "–"],
    [Number.POSITIVE_INFINITY, "–"],
  ])("writes %d as %s", (value, text) => expect(readable(value)).toBe(text));

  it("keeps as many digits as it is asked for", () => expect(readable(Math.PI, 5)).toBe("3.1416"));
});

describe("numbers side by side", () => {
  it("have no more digits than they need", () => expect(apart([1.23456, 2.5])).toEqual(["1.23", "2.5"]));
  it("can be told apart", () => expect(apart([1000001, 1000009])).toEqual(["1.000001e6", "1.000009e6"]));
  it("are the same where they are", () => expect(apart([2, 2])).toEqual(["2", "2"]));
});

describe("names", () => {
  it("keeps what is short enough", () => expect(shortened("mass", 4)).toBe("mass"));
  it("leaves the middle out", () => expect(shortened("a_rather_long_name", 9)).toBe("a_ra…name"));
  it("never gets longer than it may", () => {
    for (let longest = 3; longest < 12; longest++)
      expect(shortened("abcdefghijklmnop", longest).length).toBeLessThanOrEqual(longest);
  });
});

describe("floats", () => {
  it("reads numbers that are not aligned", () => {
    const bytes = new Uint8Array(9);
    new DataView(bytes.buffer).setFloat32(1, 1.5, true);
    new DataView(bytes.buffer).setFloat32(5, -2, true);
    expect([...floats(new DataView(bytes.buffer, 1, 8))]).toEqual([1.5, -2]);
  });
  it("knows nothing of what is not there", () => expect(floats(undefined)).toHaveLength(0));
});

it("is busy until a job has ended", () => {
  expect(["running", "paused", "stopping"].every(isBusy)).toBe(true);
  expect(["ready", "done", "stopped", "error", ""].some(isBusy)).toBe(false);
});
