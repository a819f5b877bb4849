/** Python's JSON and repeated names. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { duplicateName, parsePythonJson } from "../../../daemon/checkpoint/json-text.ts";

describe("parsePythonJson", () => {
  it.each([
    ["plain JSON", '{"a": [1, 2.5, "x", null, true]}', { a: [1, 2.5, "x", null, true] }],
    ["minus infinity", '{"lambda_min_clipped": -Infinity}', { lambda_min_clipped: Number.NEGATIVE_INFINITY }],
    ["infinity and NaN", "[Infinity, NaN]", [Number.POSITIVE_INFINITY, Number.NaN]],
    [
      "the same words in texts",
      '{"NaN": "-Infinity", "b": "say \\"NaN\\" \\\\", "c": NaN}',
      { NaN: "-Infinity", b: 'say "NaN" \\', c: Number.NaN },
    ],
  ])("reads %s", (_, text, value) => {
    expect(parsePythonJson(text)).toEqual(value);
  });

  it.each(["{NaNny}", "[Infinity", '{"a": nan}', ""])("refuses %j", (text) => {
    expect(() => parsePythonJson(text)).toThrow(SyntaxError);
  });

  it("agrees with JSON.parse on JSON", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parsePythonJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });
});

describe("duplicateName", () => {
  it.each([
    ['{"a":1,"b":{"a":2}}', undefined],
    ['{"a":1,"b":2,"a":3}', "a"],
    ['{"a":{"x":1,"x":2}}', "x"],
    ['{"a":1,"\\u0061":2}', "a"],
    ['{"a":"b","b":["a","a"],"c":"}{:\\""}', undefined],
    ["{}", undefined],
  ])("%s: %s", (text, name) => {
    expect(duplicateName(text)).toBe(name);
  });

  it("finds nothing in what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(duplicateName(JSON.stringify(value))).toBeUndefined();
      }),
    );
  });
});
