/** Real file errors become advice. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LoftError, loftError } from "../../../daemon/base/errors.ts";
import { fileErrorCode, readError } from "../../../daemon/base/file-errors.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

async function failureOf(file: string): Promise<unknown> {
  return readFile(file).catch((error: unknown) => error);
}

it("tells a vanished file from an unreadable one", async () => {
  const folder = await temporaryFolder();
  const vanished = readError(await failureOf(join(folder, "gone")), "gone");
  const unreadable = readError(await failureOf(folder), "folder");
  expect([vanished, unreadable].map((error) => error instanceof LoftError && error.code)).toEqual([
    "file-vanished",
    "file-unreadable",
  ]);
});

it("leaves other errors alone", () => {
  const other = new TypeError("no file error");
  expect(readError(other, "file")).toBe(other);
  expect(fileErrorCode(other)).toBeUndefined();
  expect(fileErrorCode("text")).toBeUndefined();
  expect(fileErrorCode(loftError("out-of-memory", { what: "No memory.", fix: "Less." }))).toBeUndefined();
});
