/** Parquet files, read back by another library's reader. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import { writeParquet } from "../../../daemon/data/export-parquet.ts";
import { readExportDataset } from "../../../daemon/data/export-rows.ts";
import { writeDatasetFolder } from "../../support/dataset-folder.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

async function exported(shardBytes?: number) {
  const [root, folder] = [await temporaryFolder(), await temporaryFolder()];
  await writeDatasetFolder(root);
  const dataset = await readExportDataset(root);
  const names = await writeParquet(folder, dataset, shardBytes === undefined ? {} : { shardBytes });
  return { root, folder, dataset, names };
}

async function bufferOf(folder: string, name: string): Promise<ArrayBuffer> {
  const bytes = await readFile(join(folder, name));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

describe("writeParquet", () => {
  it("comes back the same, images included", async () => {
    const { root, folder, dataset, names } = await exported();
    expect(names).toEqual(["data/train-00000-of-00001.parquet"]);
    const rows = await parquetReadObjects({ file: await bufferOf(folder, names[0]!), utf8: false });
    expect(rows.length).toBe(dataset.rows.length);
    for (const [index, { image, ...columns }] of rows.entries()) {
      const { fileName, columns: wanted } = dataset.rows[index]!;
      expect(image.path).toBe(fileName);
      const png = await readFile(join(root, "data", "train", ...fileName.split("/")));
      expect(png.equals(image.bytes)).toBe(true);
      const plain = Object.entries(columns).map(([name, value]) => [
        name,
        typeof value === "bigint" ? Number(value) : value,
      ]);
      expect(Object.fromEntries(plain)).toEqual(wanted);
    }
  });

  it("says what Hugging Face's datasets need to know", async () => {
    const { folder, names } = await exported();
    const { schema, key_value_metadata, created_by } = parquetMetadata(await bufferOf(folder, names[0]!));
    expect(created_by).toMatch(/^loft \d/);
    const [{ key, value }] = key_value_metadata as [{ key: string; value: string }];
    expect(key).toBe("huggingface");
    const { features } = JSON.parse(value).info;
    expect(features.image).toEqual({ _type: "Image" });
    expect(features.label).toEqual({ names: ["Ape", "zebra, crossing", "日本"], _type: "ClassLabel" });
    const columns = new Set(schema.map(({ name }) => name));
    expect(Object.keys(features).filter((name) => !columns.has(name))).toEqual([]);
    const image = schema.findIndex(({ name }) => name === "image");
    expect(schema.slice(image, image + 3)).toMatchObject([
      { name: "image", num_children: 2 },
      { name: "bytes", type: "BYTE_ARRAY" },
      { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8" },
    ]);
  });

  it("gives the same bytes each time", async () => {
    const [one, two] = [await exported(), await exported()];
    const bytes = ({ folder }: { folder: string }) => readFile(join(folder, "data", "train-00000-of-00001.parquet"));
    expect((await bytes(one)).equals(await bytes(two))).toBe(true);
  });

  it("counts the files it is cut into", async () => {
    const { folder, dataset, names } = await exported(1);
    expect(names).toEqual(dataset.rows.map((_, index) => `data/train-0000${index}-of-00006.parquet`));
    const rows = await parquetReadObjects({ file: await bufferOf(folder, names[5]!), columns: ["label_name"] });
    expect(rows).toEqual([{ label_name: "日本" }]);
  });
});
