/** Captions of a file for the classes of a dataset: by name or folder, all of them, none unknown. */
import { expect, test } from "vitest";
import { parseCaptionText } from "../../../daemon/config/captions.ts";
import { captionsForClasses } from "../../../daemon/pipeline/captions.ts";
import { datasetOf } from "../../../daemon/pipeline/dataset.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { classFolder } from "./context.ts";

const dataset = datasetOf([classFolder("cat", "a"), classFolder("n01", "b"), classFolder("dog", "c")], {
  shots: null,
  classNames: { n01: "goldfish" },
});
const match = (text: string) => captionsForClasses(parseCaptionText(text), dataset, "captions.txt");

test("a class is called by its name or its folder, in any order", () => {
  const captions = match("[dog]\nd\n[n01]\ng\n[cat]\nc\ncc");
  expect(Object.fromEntries(captions)).toEqual({ dog: ["d"], goldfish: ["g"], cat: ["c", "cc"] });
});

test.each<[string, string, RegExp]>([
  [
    "[cat]\nx\n[dgo]\nx\n[goldfish]\nx",
    'captions.txt:3: The data folder has no class "dgo". Did you mean "dog"?',
    /Mend/,
  ],
  ["[cat]\nx\n[zeppelin]\nx", 'captions.txt:3: The data folder has no class "zeppelin". The classes are "cat"', /Mend/],
  ["[n01]\nx\n[goldfish]\nx", 'captions.txt:3: The class "goldfish" has captions already.', /Mend/],
  ["[dog]\n", 'captions.txt:1: The class "dog" has no caption.', /Mend/],
  [
    "[dog]\nx",
    'captions.txt has no captions for "cat", "goldfish".',
    /Add a class "cat" with at least one caption, and the/,
  ],
])("%j", async (text, what, fix) => {
  const error = await loftErrorOf(async () => match(text), "captions-invalid");
  expect(error.what).toContain(what);
  expect(error.fix).toMatch(fix);
});
