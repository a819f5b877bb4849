/** Captions files on disk: the form follows from the name; what cannot be read is told. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readCaptions } from "../../../daemon/jobs/read-captions.ts";
import { datasetOf } from "../../../daemon/pipeline/dataset.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const photos = [{ path: "cat/a.png", sha256: "a" }];
const dataset = datasetOf([{ folder: "cat", photos }], { shots: null, classNames: {} });

test.each([
  ["captions.txt", "[cat]\na {class}\n"],
  ["captions", "[cat]\na {class}"],
  ["captions.json", '{ "cat": ["a {class}"] }'],
  ["captions.JSONC", '{ "cat": ["a {class}"], } // all'],
])("%s", async (name, text) => {
  const file = join(await temporaryFolder(), name);
  await writeFile(file, text);
  expect([...(await readCaptions(file, dataset))]).toEqual([["cat", ["a {class}"]]]);
});

test("a file that is missing, or a folder", async () => {
  const folder = await temporaryFolder();
  const missing = await loftErrorOf(() => readCaptions(join(folder, "none.txt"), dataset), "captions-invalid");
  expect(missing.what).toBe("The captions none.txt cannot be read (ENOENT).");
  expect(missing.fix).toContain("prompt.captions");
  await loftErrorOf(() => readCaptions(folder, dataset), "captions-invalid");
});

test.skipIf(process.platform === "win32")("a device is refused before it is read", async () => {
  const { what } = await loftErrorOf(() => readCaptions("/dev/zero", dataset), "captions-invalid");
  expect(what).toBe("The captions zero cannot be read (it is no regular file).");
});

test("text in another encoding than UTF-8", async () => {
  const file = join(await temporaryFolder(), "captions.txt");
  await writeFile(file, Buffer.from("[cat]\na caf\u00e9 {class}\n", "latin1"));
  const { what } = await loftErrorOf(() => readCaptions(file, dataset), "captions-invalid");
  expect(what).toBe("The captions captions.txt are not UTF-8 text.");
});

test("of many problems the first are told", async () => {
  const file = join(await temporaryFolder(), "captions.txt");
  await writeFile(file, "no class\n".repeat(1000));
  const { what } = await loftErrorOf(() => readCaptions(file, dataset), "captions-invalid");
  expect(what.split("\n")).toHaveLength(22);
  expect(what).toContain("... and 980 more");
});

test("JSON in a text file is told by its line", async () => {
  const file = join(await temporaryFolder(), "captions.txt");
  await writeFile(file, '{ "cat": ["a {class}"] }');
  const error = await loftErrorOf(() => readCaptions(file, dataset), "captions-invalid");
  expect(error.what).toContain("captions.txt:1: A caption stands before the first class.");
});
