/** Datasets from class folders: order, names, shots, duplicates, and what is refused. */
import { describe, expect, test } from "vitest";
import { LoftError } from "../../../daemon/base/errors.ts";
import { type ClassFolder, datasetOf } from "../../../daemon/pipeline/dataset.ts";
import { classFolder } from "./context.ts";

const all = { shots: null, classNames: {} };
const outputs = (folders: readonly string[]) =>
  datasetOf(
    folders.map((folder) => classFolder(folder, "a")),
    all,
  ).classes.map(({ outputFolder }) => outputFolder);

test("classes and photos stand in code-point order, whatever order they come in", () => {
  const { classes } = datasetOf([classFolder("dog", "z a 10 2"), classFolder("Cat", "b"), classFolder("猫", "c")], all);
  expect(classes.map(({ className }) => className)).toEqual(["Cat", "dog", "猫"]);
  expect(classes[1]?.photos.map(({ path }) => path)).toEqual(["dog/10.png", "dog/2.png", "dog/a.png", "dog/z.png"]);
});

test("shots are the first by name, after copies are left out", () => {
  const photos = [...classFolder("cat", "a b c").photos, { ...classFolder("cat", "a").photos[0]!, path: "cat/0.png" }];
  const { classes, warnings } = datasetOf([{ folder: "cat", photos }], { shots: 2, classNames: {} });
  expect(classes[0]?.photos.map(({ path }) => path)).toEqual(["cat/0.png", "cat/b.png"]);
  expect(warnings).toEqual([
    {
      code: "duplicate-photo",
      what: "cat/a.png is the same picture as cat/0.png; it is used once.",
      fix: "Remove one of the two.",
    },
  ]);
});

test("fewer photos than shots is a warning", () => {
  const { classes, warnings } = datasetOf([classFolder("cat", "a b")], { shots: 16, classNames: {} });
  expect(classes[0]?.photos).toHaveLength(2);
  expect(warnings.map(({ code, what }) => [code, what])).toEqual([
    ["few-photos", 'The class folder "cat" has 2 different photos, data.shots asks for 16; all are used.'],
  ]);
});

test("names come from the folder or from classNames, in one Unicode form", () => {
  const folders = [classFolder("apple_pie", "a"), classFolder("cafe\u0301", "b")];
  const { classes } = datasetOf(folders, { shots: null, classNames: { apple_pie: "apple pie" } });
  expect(classes.map(({ folder, className, outputFolder }) => [folder, className, outputFolder])).toEqual([
    ["apple_pie", "apple pie", "apple_pie"],
    ["cafe\u0301", "caf\u00e9", "caf\u00e9"],
  ]);
});

describe("output folders", () => {
  test.each([
    [
      ["a:b", "a?b"],
      ["a_b", "a_b-c2a7b64a"],
    ],
    [
      ["Cat", "cat"],
      ["Cat", "cat-77af778b"],
    ],
    [["nul"], ["nul-folder"]],
  ])("%j", (folders, expected) => expect(outputs(folders)).toEqual(expected));

  test("of names of 200 characters are different and short", () => {
    const names = outputs([`${"x".repeat(199)}a`, `${"x".repeat(199)}b`, "x".repeat(80), "X".repeat(80)]);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(4);
    expect(Math.max(...names.map((name) => name.length))).toBe(80);
  });
});

describe("refused", () => {
  const cases: readonly (readonly [
    folders: readonly ClassFolder[],
    names: Record<string, string>,
    code: string,
    text: RegExp,
  ])[] = [
    [[], {}, "data-folder-empty", /no class folder/],
    [[classFolder("cat", "a"), classFolder("dog", "")], {}, "data-folder-empty", /class folder "dog"/],
    [[classFolder("cat", "a")], { cta: "tabby cat" }, "config-invalid", /"cta".*Did you mean "cat"\?/],
    [[classFolder("cat", "a")], { wurlitzer: "x" }, "config-invalid", /It has: cat\./],
    [
      [classFolder("cat", "a"), classFolder("kitten", "b")],
      { kitten: "cat" },
      "config-invalid",
      /"cat" and "kitten".*"cat"/,
    ],
  ];
  test.each(cases)("%j %j: %s", (folders, classNames, code, text) => {
    const run = () => datasetOf(folders, { shots: null, classNames });
    expect(run).toThrow(LoftError);
    expect(run).toThrow(expect.objectContaining({ code, message: expect.stringMatching(text) }));
  });
});
