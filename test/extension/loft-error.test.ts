/** Errors of the daemon and of the extension in words for people. */
import { describe, expect, it } from "vitest";
import { describeError, errorForLog, ShownError } from "../../extension/loft-error.ts";
import { loftErrorCode } from "../../schemas/protocol.ts";

const data = { code: "photo-missing", what: "There is no photo.", fix: "Add one." };

describe("describeError", () => {
  it("takes the daemon's words", () => {
    const error = Object.assign(new Error("There is no photo. Add one."), { code: loftErrorCode, data });
    expect(describeError(error)).toEqual(data);
  });

  it("takes its own words", () => {
    expect(describeError(new ShownError(data))).toEqual(data);
  });

  it.each([
    { error: new Error("boom\n    at somewhere"), what: "boom." },
    { error: Object.assign(new Error("odd"), { code: loftErrorCode, data: { what: 3 } }), what: "odd." },
    { error: "text", what: "text" },
    { error: undefined, what: "undefined" },
  ])("never shows a stack: $what", ({ error, what }) => {
    expect(describeError(error)).toMatchObject({ code: "internal", what });
  });
});

it("keeps causes for the log", () => {
  const error = new ShownError(data, { cause: new Error("the reason") });
  expect(errorForLog(error)).toMatch(/photo[\s\S]*caused by Error: the reason/);
});
