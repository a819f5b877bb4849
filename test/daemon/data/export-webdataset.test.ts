/** WebDataset shards, read back by tar readers. */
import { spawnSync } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { unpackTar } from "modern-tar";
import { describe, expect, it } from "vitest";
import { readExportDataset } from "../../../daemon/data/export-rows.ts";
import { writeWebDataset } from "../../../daemon/data/export-webdataset.ts";
import { writeDatasetFolder } from "../../support/dataset-folder.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

async function exported(shardBytes?: number) {
  const [root, folder] = [await temporaryFolder(), await temporaryFolder()];
  await writeDatasetFolder(root);
  const dataset = await readExportDataset(root);
  const names = await writeWebDataset(folder, dataset, shardBytes === undefined ? {} : { shardBytes });
  return { root, folder, dataset, names };
}

describe("writeWebDataset", () => {
  it("writes the members of each sample together, classes mixed", async () => {
    const { folder, names, root } = await exported();
    expect(names).toEqual(["train-000000.tar", "classes.json"]);
    expect((await readdir(folder)).sort()).toEqual(["classes.json", "train-000000.tar"]);
    const members = await unpackTar(await readFile(join(folder, "train-000000.tar")), { strict: true });
    const order = members.map(({ header }) => header.name);
    expect(order).toEqual(
      ["1", "2", "3", "4", "5", "6"].flatMap((key) => ["cls", "json", "png"].map((end) => `00000${key}.${end}`)),
    );
    expect(order).toEqual([...order].sort());
    const byName = new Map(members.map(({ header, data }) => [header.name, Buffer.from(data!)]));
    const labels = order.filter((name) => name.endsWith(".cls")).map((name) => byName.get(name)!.toString());
    expect(labels).toEqual(["0", "1", "2", "0", "1", "1"]);
    for (const [index, label] of labels.entries()) {
      const row = JSON.parse(byName.get(`00000${index + 1}.json`)!.toString());
      expect(row).toMatchObject({ label: Number(label), synthetic: true });
      const png = await readFile(join(root, "data", "train", ...row.file_name.split("/")));
      expect(png.equals(byName.get(`00000${index + 1}.png`)!)).toBe(true);
    }
    expect(members.every(({ header }) => header.mtime!.getTime() === 0 && header.uid === 0)).toBe(true);
  });

  it("gives the same bytes each time", async () => {
    const [one, two] = [await exported(), await exported()];
    const bytes = ({ folder }: { folder: string }) => readFile(join(folder, "train-000000.tar"));
    expect((await bytes(one)).equals(await bytes(two))).toBe(true);
  });

  it("is an archive that tar itself accepts", async ({ skip }) => {
    const { folder } = await exported();
    const listed = spawnSync("tar", ["-tf", join(folder, "train-000000.tar")], { encoding: "utf8" });
    if (listed.error !== undefined) skip("no tar on this machine");
    expect({ status: listed.status, stderr: listed.stderr }).toEqual({ status: 0, stderr: "" });
    expect(listed.stdout.trim().split("\n").length).toBe(18);
  });

  it("starts a new shard before one grows too large", async () => {
    const limit = 3 * 6 * 512 + 1024;
    const { folder, names } = await exported(limit);
    const shards = names.filter((name) => name.endsWith(".tar"));
    expect(shards.length).toBeGreaterThan(1);
    const keys: string[] = [];
    for (const name of shards) {
      expect((await stat(join(folder, name))).size).toBeLessThanOrEqual(limit);
      const members = await unpackTar(await readFile(join(folder, name)), { strict: true });
      expect(members.length % 3).toBe(0);
      keys.push(...members.map(({ header }) => header.name));
    }
    expect(keys.length).toBe(18);
    expect(keys).toEqual([...keys].sort());
  });

  it("stops when asked, leaving no half shard", async () => {
    const root = await temporaryFolder();
    await writeDatasetFolder(root);
    const folder = join(root, "out");
    const signal = AbortSignal.abort(new Error("stop"));
    const dataset = await readExportDataset(root);
    await expect(writeWebDataset(folder, dataset, { signal })).rejects.toThrow("stop");
    expect(await readdir(folder)).toEqual([]);
  });

  it("says which image is gone", async () => {
    const root = await temporaryFolder();
    await writeDatasetFolder(root);
    const dataset = await readExportDataset(root);
    const rows = [...dataset.rows, { ...dataset.rows[0]!, fileName: "Ape/000009.png" }];
    const error = await loftErrorOf(() => writeWebDataset(join(root, "out"), { ...dataset, rows }), "file-vanished");
    expect(error.what).toContain("000009.png");
  });
});
