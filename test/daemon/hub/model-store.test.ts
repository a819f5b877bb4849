/** The store of models: records are whole or not there, and only LoFT's own files are ever deleted. */
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  commitFolder,
  commitStaged,
  findStoredModel,
  holdsOtherFiles,
  type ModelRecord,
  modelFolder,
  readStore,
  removeStored,
  stagingFolder,
} from "../../../daemon/hub/model-store.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const file = { path: "unet/config.json", bytes: 2, sha256: "a".repeat(64) };
const download: ModelRecord = {
  id: "owner/model",
  license: "mit",
  origin: { kind: "download", repository: "owner/model", revision: "0".repeat(40), variant: "fp16" },
  files: [file],
  addedAt: "2025-01-02T03:04:05.000Z",
};

describe("the model store", () => {
  it("is empty where there is none", async () => {
    expect(await readStore(join(await temporaryFolder(), "store"))).toEqual({
      models: [],
      unfinished: [],
      damaged: [],
    });
  });

  it("gives back what was committed, without what does not belong to it", async () => {
    const store = await temporaryFolder();
    await stage(store, ["unet/config.json", "unet/other.safetensors", "vae/x.safetensors.incomplete"]);
    expect(await readStore(store)).toMatchObject({ models: [], unfinished: ["owner/model"] });
    const model = await commitStaged(store, download);
    expect(model).toEqual({ ...download, folder: join(store, "owner--model") });
    expect(await readStore(store)).toEqual({ models: [model], unfinished: [], damaged: [] });
    expect(await readdir(join(model.folder, "unet"))).toEqual(["config.json"]);
    expect(await readdir(join(model.folder, "vae"))).toEqual([]);
  });

  it("deletes a downloaded model, and its unfinished successor", async () => {
    const store = await temporaryFolder();
    await stage(store, ["unet/config.json"]);
    await commitStaged(store, download);
    await stage(store, ["unet/config.json"]);
    await removeStored(store, download.id);
    expect(await readdir(store)).toEqual([]);
  });

  it("forgets a folder, and leaves its files, even inside the store", async () => {
    const store = await temporaryFolder();
    const [inside, outside] = [join(store, "mine"), await temporaryFolder()];
    for (const [id, folder] of [
      ["mine", inside],
      ["other", outside],
    ] as const) {
      await mkdir(join(folder, "unet"), { recursive: true });
      await writeFile(join(folder, "unet/config.json"), "{}");
      await commitFolder(store, { ...download, id, origin: { kind: "folder" }, folder });
      expect((await findStoredModel(store, id))?.folder).toBe(folder);
      await removeStored(store, id);
      expect(await findStoredModel(store, id)).toBeUndefined();
      expect((await stat(join(folder, "unet/config.json"))).size).toBe(2);
    }
    expect(await readdir(store)).toEqual(["mine"]);
    expect(await holdsOtherFiles(store, "mine")).toBe(true);
    expect(await holdsOtherFiles(store, "other")).toBe(false);
  });

  it.each<[string, unknown]>([
    ["no JSON", undefined],
    ["a list", []],
    ["no files", { ...download, files: undefined }],
    ["a path that leads out", { ...download, files: [{ ...file, path: "../../x" }] }],
    ["a hash that is none", { ...download, files: [{ ...file, sha256: "x" }] }],
    ["an unknown origin", { ...download, origin: { kind: "magic" } }],
    ["a relative folder", { ...download, folder: "x" }],
  ])("tells of a record that is %s", async (_, record) => {
    const store = await temporaryFolder();
    await mkdir(modelFolder(store, download.id), { recursive: true });
    const text = record === undefined ? "{" : JSON.stringify(record);
    await writeFile(join(modelFolder(store, download.id), ".loft-model.json"), text);
    expect((await readStore(store)).damaged).toEqual(["owner--model"]);
    const error = await loftErrorOf(() => findStoredModel(store, download.id), "model-config-invalid");
    expect(error.fix).toContain("loft models remove owner/model");
  });

  it("does not take one model for another", async () => {
    const store = await temporaryFolder();
    await stage(store, ["unet/config.json"]);
    await commitStaged(store, download);
    expect(await findStoredModel(store, "owner--model")).toBeUndefined();
    await rm(modelFolder(store, download.id), { recursive: true });
    expect(await findStoredModel(store, download.id)).toBeUndefined();
  });
});

async function stage(store: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const target = join(stagingFolder(store, download.id), path);
    await mkdir(join(target, ".."), { recursive: true });
    await writeFile(target, "{}");
  }
}
