/** Configurations read from the disk, with the files they extend. */
import { execFile } from "node:child_process";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { readConfigFile } from "../../../daemon/jobs/config-file.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("a configuration with bases", () => {
  it("inherits over two folders", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "my 'shared' größe"));
    await writeFile(
      join(folder, "my 'shared' größe", "base.loft.json"),
      '{ "extends": "../far.loft.json", "data": { "folder": "photos" } }',
    );
    await writeFile(join(folder, "far.loft.json"), '\uFEFF{ "seed": 3 }');
    const file = join(folder, "a.loft.json");
    await writeFile(file, `{ "extends": "my 'shared' größe/base.loft.json" }`);
    const { resolution } = await readConfigFile(file);
    expect(resolution.config).toMatchObject({ name: "a", seed: 3, data: { folder: "my 'shared' größe/photos" } });
    expect(resolution.origins.seed).toEqual({ from: "base", source: "far.loft.json" });
  });

  it("tells all problems, each with its file", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "base.loft.json"), '{ "sed": 3 }');
    const file = join(folder, "a.loft.json");
    await writeFile(file, '{ "extends": "base.loft.json", "sede": 1, "data": { "folder": "p" } }');
    await expect(readConfigFile(file)).rejects.toMatchObject({
      code: "config-invalid",
      what: expect.stringMatching(/\nbase\.loft\.json:1:3: "sed" .*\na\.loft\.json:1:32: "sede" /),
    });
  });

  it("does not go round in a folder that contains itself by a link", async () => {
    const folder = await temporaryFolder();
    await symlink(".", join(folder, "again"));
    const file = join(folder, "a.loft.json");
    await writeFile(file, '{ "extends": "again/a.loft.json", "data": { "folder": "p" } }');
    await expect(readConfigFile(file)).rejects.toMatchObject({ what: expect.stringContaining("more than 16 files") });
  });
});

describe("what is no configuration", () => {
  it.skipIf(process.platform === "win32")("is not read without end: a device, a pipe, a folder", async () => {
    const folder = await temporaryFolder();
    const pipe = join(folder, "pipe.loft.json");
    await promisify(execFile)("mkfifo", [pipe]);
    for (const place of ["/dev/zero", pipe, folder]) {
      await expect(readConfigFile(place)).rejects.toMatchObject({ code: "config-missing" });
      const file = join(folder, "a.loft.json");
      await writeFile(file, JSON.stringify({ extends: place, data: { folder: "p" } }));
      await expect(readConfigFile(file)).rejects.toMatchObject({ what: expect.stringContaining("cannot be read") });
    }
  });
});
