/** Trees and positions of configuration texts. */

import { expect, test } from "vitest";
import { nodeAt, parseConfig, placed, plainValue } from "../../../daemon/config/parse.ts";
import { pathText } from "../../../daemon/config/problem.ts";
import { longestConfig } from "../../../schemas/protocol.ts";

test.each([
  ["\n", [0, 1]],
  ["a\r\nb\rc\nd", [0, 3, 5, 7]],
  ["", [0]],
])("line starts of %j", (text, starts) => expect(parseConfig(text).lineStarts).toEqual(starts));

test("line and column count from 1", () => {
  const { lineStarts } = parseConfig("ab\ncd\n\nef");
  const at = (offset: number) => {
    const problem = placed(lineStarts, {
      severity: "error",
      code: "syntax",
      message: "",
      path: [],
      span: { offset, length: 1 },
    });
    return [problem.line, problem.column];
  };
  expect([0, 1, 3, 6, 7, 8, 9].map(at)).toEqual([
    [1, 1],
    [1, 2],
    [2, 1],
    [3, 1],
    [4, 1],
    [4, 2],
    [4, 3],
  ]);
});

test("values: comments vanish, __proto__ is a key, the last of two keys counts", () => {
  const { tree } = parseConfig('{ "a": [1, /* two */ 2,], "__proto__": { "x": 1 }, "b": 1, "b": 2 }');
  const value = plainValue(tree!) as Record<string, unknown>;
  expect(Object.keys(value)).toEqual(["a", "__proto__", "b"]);
  expect(value.a).toEqual([1, 2]);
  expect(value.b).toBe(2);
  expect(nodeAt(tree, ["b"])?.value).toBe(2);
  expect(nodeAt(tree, ["a", 1])?.value).toBe(2);
  expect(nodeAt(tree, ["a", "x", "y"])).toBeUndefined();
});

test("paths read like code", () => {
  expect(pathText(["fusion", "weights", "values", 1])).toBe("fusion.weights.values[1]");
  expect(pathText(["data", "classNames", "T. Rex"])).toBe('data.classNames["T. Rex"]');
  expect(pathText([])).toBe("");
});

test("a file that is no configuration by its length alone is told so at once", () => {
  const { tree, problems } = parseConfig(`{ "name": "${"x".repeat(longestConfig)}" }`);
  expect([tree, problems.map(({ code }) => code)]).toEqual([undefined, ["too-long"]]);
});

test("a large file of nonsense is told quickly", () => {
  const { problems } = parseConfig("x }\n".repeat(100_000));
  expect(problems.length).toBeGreaterThan(0);
});
