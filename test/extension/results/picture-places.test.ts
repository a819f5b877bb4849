/** pictures.json of an evaluation as the results editor reads it: what it names, and what it must not. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { imagesOf, readPicturePlaces } from "../../../extension/results/picture-places.ts";
import type { ResultsPictures } from "../../../schemas/results-pictures.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const good: ResultsPictures = {
  formatVersion: 1,
  photos: "../../photos",
  test: "../../test",
  classes: [{ name: "cat", folder: "cat", photos: ["cat/0.png"] }],
  methods: [
    { method: "loft", folder: "" },
    { method: "class-prompt", folder: "methods/class-prompt" },
  ],
};

async function read(content: unknown): Promise<Awaited<ReturnType<typeof readPicturePlaces>> & { root?: string }> {
  const root = join(await temporaryFolder(), "p", "runs", "tiny");
  await mkdir(join(root, "evaluation"), { recursive: true });
  await writeFile(
    join(root, "evaluation", "pictures.json"),
    typeof content === "string" ? content : JSON.stringify(content),
  );
  const places = await readPicturePlaces(join(root, "evaluation", "results.loft-results.json"));
  return { ...places, root } as never;
}

describe("pictures.json", () => {
  it("names folders from the run folder", async () => {
    const { root, runFolder, photos, test, methods } = await read(good);
    expect(runFolder).toBe(root);
    expect([photos, test]).toEqual([join(root!, "..", "..", "photos"), join(root!, "..", "..", "test")]);
    expect(methods?.map(({ folder }) => folder)).toEqual([root, join(root!, "methods", "class-prompt")]);
  });

  it.each<[name: string, content: unknown]>([
    ["torn", "{"],
    ["of another version", { ...good, formatVersion: 2 }],
    ["without classes", { ...good, classes: undefined }],
    ["with an absolute folder", { ...good, test: "/etc" }],
    ["with a drive", { ...good, photos: "C:/photos" }],
    ["with steps upward in the middle", { ...good, test: "../test/../../etc" }],
    ["with a photo outside of the photos", { ...good, classes: [{ ...good.classes[0], photos: ["../x.png"] }] }],
    ["with a class folder outside", { ...good, classes: [{ ...good.classes[0], folder: ".." }] }],
    ["with a nested class folder", { ...good, classes: [{ ...good.classes[0], folder: "a/b" }] }],
  ])("is left aside %s", async (_, content) => {
    expect(Object.keys(await read(content))).toEqual(["root"]);
  });
});

it("lists a method's images by number, and nothing else", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "data", "train", "cat"), { recursive: true });
  for (const name of ["000002.png", "000001.png", "notes.txt", "x.png"]) {
    await writeFile(join(folder, "data", "train", "cat", name), "");
  }
  expect(await imagesOf(folder, "cat")).toEqual(["data/train/cat/000001.png", "data/train/cat/000002.png"]);
  expect(await imagesOf(folder, "dog")).toEqual([]);
});
