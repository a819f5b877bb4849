/** Files are replaced whole or not at all, and failures to write say what to do. */
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { removeTornFiles, writeError, writeFileAtomic, writeJsonAtomic } from "../../../daemon/base/atomic-file.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("writeFileAtomic", () => {
  it("makes folders, replaces the old content and leaves nothing else behind", async () => {
    const folder = await temporaryFolder();
    const file = join(folder, "a", "b", "file.txt");
    await writeFileAtomic(file, "one");
    await writeFileAtomic(file, Uint8Array.from([0x74, 0x77, 0x6f]));
    expect(await readFile(file, "utf8")).toBe("two");
    expect(await readdir(join(folder, "a", "b"))).toEqual(["file.txt"]);
  });

  it("writes content that is made piece by piece, or nothing when making it fails", async () => {
    const folder = await temporaryFolder();
    const file = join(folder, "file.txt");
    async function* pieces(fails: boolean) {
      yield Buffer.from("one ");
      if (fails) throw new Error("no more");
      yield Buffer.from("two");
    }
    await writeFileAtomic(file, pieces(false));
    await expect(writeFileAtomic(file, pieces(true))).rejects.toThrow("no more");
    expect(await readFile(file, "utf8")).toBe("one two");
    expect(await readdir(folder)).toEqual(["file.txt"]);
  });

  it("writes names of the greatest length a file system allows", async () => {
    for (const name of ["x".repeat(255), "写".repeat(85), `"it's"\n größe 🐦`]) {
      const folder = await temporaryFolder();
      await writeFileAtomic(join(folder, name), "long");
      expect(await readdir(folder)).toEqual([name]);
    }
  });

  it("says that a folder in the way or a file as a folder cannot be written", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "taken", "inner"), { recursive: true });
    await writeFile(join(folder, "file"), "");
    await expect(writeFileAtomic(join(folder, "taken"), "x")).rejects.toMatchObject({ code: "output-unwritable" });
    await expect(writeFileAtomic(join(folder, "file", "x"), "x")).rejects.toMatchObject({
      code: "output-unwritable",
    });
    expect((await readdir(folder)).sort()).toEqual(["file", "taken"]);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === "win32")("says that a folder is read-only", async () => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o500);
    await expect(writeFileAtomic(join(folder, "x"), "x")).rejects.toMatchObject({ code: "output-unwritable" });
    await chmod(folder, 0o700);
  });

  it("writes JSON that ends with a newline", async () => {
    const folder = await temporaryFolder();
    await writeJsonAtomic(join(folder, "x.json"), { a: [1] });
    expect(await readFile(join(folder, "x.json"), "utf8")).toBe('{\n  "a": [\n    1\n  ]\n}\n');
  });
});

describe("removeTornFiles", () => {
  it("removes what a killed writer left, at any depth, and nothing else", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "deep", "er"), { recursive: true });
    await writeFile(join(folder, "deep", "er", ".000001.png.123.loft-tmp"), "torn");
    await writeFile(join(folder, "deep", "notes.loft-tmp"), "a user's file");
    await removeTornFiles(folder);
    expect(await readdir(join(folder, "deep", "er"))).toEqual([]);
    expect((await readdir(join(folder, "deep"))).sort()).toEqual(["er", "notes.loft-tmp"]);
  });

  it("is content with a folder that is not there", async () => {
    const folder = await temporaryFolder();
    await expect(removeTornFiles(join(folder, "none"))).resolves.toBeUndefined();
  });
});

describe("writeError", () => {
  it.each([
    ["ENOSPC", "disk-full"],
    ["EDQUOT", "disk-full"],
    ["EROFS", "output-unwritable"],
    ["EACCES", "output-unwritable"],
  ])("%s is %s", (systemCode, code) => {
    const error = Object.assign(new Error("no"), { code: systemCode });
    expect(writeError(error, "some/file")).toMatchObject({ code, what: expect.stringContaining("some/file") });
  });

  it("leaves other errors as they are", () => {
    const error = new Error("a bug");
    expect(writeError(error, "file")).toBe(error);
  });
});
