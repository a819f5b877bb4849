/** What is found out of a disk: folders of photos in every state, and models in every state. */
import { cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { configFacts } from "../../../daemon/jobs/config-facts.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const signal = new AbortController().signal;
const png = Buffer.from("89504e470d0a1a0a", "hex");

async function folderOf(files: Readonly<Record<string, Buffer | string>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

function factsIn(folder: string, modelsFolder = "models") {
  const places = {
    modelsFolder,
    schemaFile: join(folder, "lib", "schemas", "loft.schema.json"),
    storeFolder: join(folder, "store"),
  };
  return configFacts(places, async () => undefined);
}

describe("a folder of photos", () => {
  it("is classes with numbers of photos, known by their first bytes", async () => {
    const folder = await folderOf({
      "cat/b.png": png,
      "cat/a.weird": png,
      "cat/note.png": "no picture",
      "cat/.hidden.png": png,
      "empty/Thumbs.db": "",
      "loose.png": png,
    });
    await symlink(join(folder, "nowhere"), join(folder, "cat", "c.png"));
    expect(await factsIn(folder).data(folder, signal)).toEqual({
      state: "folder",
      classes: [
        { folder: "cat", photoCount: 2, firstPhoto: "a.weird" },
        { folder: "empty", photoCount: 0 },
      ],
      loosePhotos: 1,
    });
  });

  it("may lie deeper, be missing under a similar name, or be a file", async () => {
    const folder = await folderOf({ "set/test/cat/1.png": png, "set/train/cat/1.png": png, "note.txt": "x" });
    const { data } = factsIn(folder);
    expect(await data(join(folder, "set"), signal)).toMatchObject({ state: "folder", deeper: "train" });
    expect(await data(join(folder, "st"), signal)).toEqual({ state: "missing", similar: "set" });
    expect(await data(join(folder, "no", "where"), signal)).toEqual({ state: "missing" });
    expect(await data(join(folder, "note.txt"), signal)).toEqual({ state: "not-a-folder" });
    expect(await data(join(folder, "note.txt", "x"), signal)).toEqual({ state: "missing" });
  });

  it("is left when nobody wants to know any more", async () => {
    const folder = await folderOf({ "cat/b.png": png });
    await expect(factsIn(folder).data(folder, AbortSignal.abort())).rejects.toThrow();
  });
});

describe("a model", () => {
  it("of LoFT's own is ready, with its sizes", async () => {
    const { model, models } = factsIn(await temporaryFolder());
    expect(await model("loft-mini", "/", signal)).toMatchObject({ name: "loft-mini", state: "ready", side: 64 });
    expect((await models(signal)).map(({ state }) => state)).toEqual(
      expect.arrayContaining(["ready", "not-downloaded"]),
    );
  });

  it("may be unknown, known elsewhere, a folder, incomplete or something else", async () => {
    const folder = await folderOf({ "other/model_index.json": '{ "_class_name": "FluxPipeline" }', "empty/x": "" });
    const { model } = factsIn(folder);
    const unknown = await model("loft-mni", folder, signal);
    expect([unknown.state, unknown.problem?.suggestion]).toEqual(["unknown", "loft-mini"]);
    expect((await model("stable-diffusion-2-1-base", folder, signal)).state).toBe("not-downloaded");
    expect((await model("./other", folder, signal)).state).toBe("unsupported");
    expect((await model("empty", folder, signal)).state).toBe("incomplete");
    await cp("models/loft-mini", join(folder, "mine"), { recursive: true });
    expect(await model("mine", folder, signal)).toMatchObject({ name: "mine", state: "ready", side: 64 });
  });

  it("of LoFT's own whose file is gone is incomplete", async () => {
    const folder = await temporaryFolder();
    const models = join(folder, "models");
    await mkdir(models);
    await cp("models/loft-mini", join(models, "loft-mini"), { recursive: true });
    await writeFile(join(models, "registry.json"), await readFile("models/registry.json"));
    await rm(join(models, "loft-mini", "unet", "config.json"));
    const found = await factsIn(folder, models).model("loft-mini", folder, signal);
    expect([found.state, found.problem?.what]).toEqual([
      "incomplete",
      "unet/config.json, a file of the model loft-mini, is not there.",
    ]);
  });
});

describe("the schema", () => {
  it("is named relative to the configuration", async () => {
    const folder = await temporaryFolder();
    const { schemaReference } = factsIn(folder);
    expect(schemaReference(folder)).toBe("./lib/schemas/loft.schema.json");
    expect(schemaReference(join(folder, "a"))).toBe("../lib/schemas/loft.schema.json");
  });
});
