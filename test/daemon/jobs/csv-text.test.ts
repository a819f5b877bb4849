/** What a spreadsheet makes of values: words stay words. */
import { expect, it } from "vitest";
import { csvText } from "../../../daemon/jobs/csv-text.ts";

it.each([
  ["plain", "plain"],
  ['a, "b"', '"a, ""b"""'],
  ["two\nlines", '"two\nlines"'],
  ["=1+1", "'=1+1"],
  ["@cmd, x", '"\'@cmd, x"'],
  ["-sum", "'-sum"],
  [-0.25, "-0.25"],
  [null, ""],
] as const)("%j is written as %s", (value, field) => {
  expect(
    csvText([
      ["head", "other"],
      [value, 1],
    ]),
  ).toBe(`head,other\n${field},1\n`);
});
