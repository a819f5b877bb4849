/** The set on disk: readable by the usual loaders, the same bytes each time, never half a file. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../../daemon/base/hash.ts";
import { encodePng } from "../../../daemon/data/image-file.ts";
import type { SyntheticDataset, SyntheticImage } from "../../../daemon/data/synthetic-dataset.ts";
import { writeSyntheticFolder, writeSyntheticImage } from "../../../daemon/data/synthetic-folder.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const classes = [
  { name: "zebra crossing", folder: "zebra_crossing" },
  { name: "Ape", folder: "Ape" },
  { name: "日本", folder: "日本" },
  { name: "never made", folder: "never_made" },
];
const photos = ["1.jpg", "2.jpg"].map((name) => ({ path: `Ape/${name}`, sha256: sha256(name) }));

async function png(shade: number): Promise<Uint8Array> {
  return encodePng({ width: 8, height: 8, rgb: new Uint8Array(192).fill(shade) });
}

/** Two images of each class but the last, written to `root` in reverse order. */
async function writeImages(root: string): Promise<readonly SyntheticImage[]> {
  const images: SyntheticImage[] = [];
  for (const { folder, name } of classes.slice(0, 3)) {
    for (const number of [2, 1]) {
      const written = await writeSyntheticImage(root, { classFolder: folder, number }, await png(number));
      images.push({
        classFolder: folder,
        number,
        sha256: written.sha256,
        prompt: `a photo of a ${name}, "quoted"\nand broken`,
        negativePrompt: "",
        seed: 2 ** 40 + number,
        steps: 25,
        guidanceScale: 2,
        scheduler: "ddim",
        adapters: [
          { id: "aa", weight: 0.25 },
          { id: "bb", weight: 0.75 },
        ],
        sourcePhotos: photos,
      });
    }
  }
  return images;
}

function datasetOf(images: readonly SyntheticImage[]): SyntheticDataset {
  return {
    title: 'Pets: "small" set',
    method: "loft",
    summary: "one adapter is trained per photo",
    adapterPhotos: {},
    baseModel: { name: "loft-mini", sha256: sha256("model"), license: "mit" },
    license: "cc-by-sa-4.0",
    command: "npx loft generate pets.loft.json",
    loftVersion: "0.1.0",
    resolution: 8,
    classes,
    images,
  };
}

async function writtenFolder(): Promise<{ root: string; dataset: SyntheticDataset }> {
  const root = await temporaryFolder();
  const dataset = datasetOf(await writeImages(root));
  await writeSyntheticFolder(root, dataset);
  return { root, dataset };
}

async function contents(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hashes = await Promise.all(
    files.map(async (file) => [file.slice(root.length + 1).replaceAll("\\", "/"), sha256(await readFile(file))]),
  );
  return Object.fromEntries(hashes.sort());
}

describe("writeSyntheticFolder", () => {
  it("writes the tree that ImageFolder readers expect", async () => {
    const { root } = await writtenFolder();
    expect(Object.keys(await contents(root))).toEqual([
      "README.md",
      "data/classes.json",
      "data/train/Ape/000001.png",
      "data/train/Ape/000002.png",
      "data/train/metadata.jsonl",
      "data/train/zebra_crossing/000001.png",
      "data/train/zebra_crossing/000002.png",
      "data/train/日本/000001.png",
      "data/train/日本/000002.png",
      "manifest.json",
    ]);
  });

  it("numbers classes as torchvision does: the sorted folders that exist", async () => {
    const { root } = await writtenFolder();
    const folders = (await readdir(join(root, "data/train"), { withFileTypes: true })).filter((entry) =>
      entry.isDirectory(),
    );
    const listed = JSON.parse(await readFile(join(root, "data/classes.json"), "utf8"));
    expect(listed).toEqual([
      { index: 0, name: "Ape", folder: "Ape" },
      { index: 1, name: "zebra crossing", folder: "zebra_crossing" },
      { index: 2, name: "日本", folder: "日本" },
    ]);
    expect(listed.map(({ folder }: { folder: string }) => folder)).toEqual(folders.map(({ name }) => name).sort());
  });

  it("writes one line of metadata per image, in the order of the files", async () => {
    const { root } = await writtenFolder();
    const lines = (await readFile(join(root, "data/train/metadata.jsonl"), "utf8")).trimEnd().split("\n");
    const rows = lines.map((line) => JSON.parse(line));
    expect(rows.map(({ file_name, label }) => [file_name, label])).toEqual([
      ["Ape/000001.png", 0],
      ["Ape/000002.png", 0],
      ["zebra_crossing/000001.png", 1],
      ["zebra_crossing/000002.png", 1],
      ["日本/000001.png", 2],
      ["日本/000002.png", 2],
    ]);
    expect(rows[2]).toEqual({
      file_name: "zebra_crossing/000001.png",
      label: 1,
      label_name: "zebra crossing",
      prompt: 'a photo of a zebra crossing, "quoted"\nand broken',
      negative_prompt: "",
      seed: 2 ** 40 + 1,
      steps: 25,
      guidance_scale: 2,
      scheduler: "ddim",
      adapter_ids: ["aa", "bb"],
      adapter_weights: [0.25, 0.75],
      source_photos: ["Ape/1.jpg", "Ape/2.jpg"],
      source_photo_sha256: [sha256("1.jpg"), sha256("2.jpg")],
      base_model: "loft-mini",
      model_hash: sha256("model"),
      sha256: sha256(await png(1)),
      synthetic: true,
    });
  });

  it("lists in the manifest every file with its hash, and what made each image", async () => {
    const { root } = await writtenFolder();
    const manifest = JSON.parse(await readFile(join(root, "manifest.json"), "utf8"));
    const { "manifest.json": _, ...others } = await contents(root);
    expect(manifest.files).toEqual(others);
    expect(Object.keys(manifest.files)).toEqual(Object.keys(others).sort());
    expect(manifest.images).toHaveLength(6);
    expect(manifest.images[0]).toEqual({
      file: "data/train/Ape/000001.png",
      sha256: sha256(await png(1)),
      class: "Ape",
      seed: 2 ** 40 + 1,
      model: sha256("model"),
      adapters: [
        { id: "aa", weight: 0.25 },
        { id: "bb", weight: 0.75 },
      ],
      photos,
    });
  });

  it("gives the same bytes wherever, whenever and in whichever order it is written", async () => {
    const first = await writtenFolder();
    const second = await writtenFolder();
    await writeSyntheticFolder(second.root, { ...second.dataset, images: [...second.dataset.images].reverse() });
    expect(await contents(second.root)).toEqual(await contents(first.root));
  });

  it("holds no absolute path", async () => {
    const { root } = await writtenFolder();
    for (const file of ["README.md", "manifest.json", "data/classes.json", "data/train/metadata.jsonl"]) {
      expect(await readFile(join(root, file), "utf8")).not.toContain(root);
    }
  });

  it("keeps what the user wrote into the card", async () => {
    const { root, dataset } = await writtenFolder();
    const card = await readFile(join(root, "README.md"), "utf8");
    await writeFile(join(root, "README.md"), `${card}\n## My notes\n`);
    await writeSyntheticFolder(root, dataset);
    expect(await readFile(join(root, "README.md"), "utf8")).toBe(`${card}\n## My notes\n`);
  });

  it("writes an empty set when nothing was made", async () => {
    const root = await temporaryFolder();
    await writeSyntheticFolder(root, datasetOf([]));
    expect(JSON.parse(await readFile(join(root, "manifest.json"), "utf8")).images).toEqual([]);
    expect(JSON.parse(await readFile(join(root, "data/classes.json"), "utf8"))).toEqual([]);
  });
});

describe("what can go wrong", () => {
  it("an image that is gone", async () => {
    const { root, dataset } = await writtenFolder();
    await rm(join(root, "data/train/Ape/000001.png"));
    expect((await loftErrorOf(() => writeSyntheticFolder(root, dataset), "file-vanished")).what).toContain(
      "000001.png",
    );
  });

  it("a file where a folder must be", async () => {
    const root = await temporaryFolder();
    await writeFile(join(root, "data"), "in the way");
    const image = { classFolder: "Ape", number: 1 };
    await loftErrorOf(async () => writeSyntheticImage(root, image, await png(1)), "output-unwritable");
  });

  it("a card that is a folder", async () => {
    const { root, dataset } = await writtenFolder();
    await rm(join(root, "README.md"));
    await mkdir(join(root, "README.md"));
    await loftErrorOf(() => writeSyntheticFolder(root, dataset), "file-unreadable");
  });

  it.each([
    ["an absolute photo", { sourcePhotos: [{ path: "/photos/1.jpg", sha256: "" }] }],
    ["a Windows photo", { sourcePhotos: [{ path: "C:\\photos\\1.jpg", sha256: "" }] }],
    ["a photo outside", { sourcePhotos: [{ path: "a/../../1.jpg", sha256: "" }] }],
    ["an unknown class", { classFolder: "nobody" }],
    ["a file twice", { number: 1 }],
  ])("a broken promise of the caller: %s", async (_, change) => {
    const { root, dataset } = await writtenFolder();
    const images = dataset.images.map((image, index) => (index === 0 ? { ...image, ...change } : image));
    await expect(writeSyntheticFolder(root, { ...dataset, images })).rejects.toThrow("checkDataset");
  });
});
