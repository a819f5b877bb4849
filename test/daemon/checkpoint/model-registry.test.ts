/** The list of models: read strictly, and compared with the files byte by byte. */
import { appendFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  describeModelFiles,
  type RegisteredModel,
  readModelRegistry,
  unregisteredModels,
  verifyModel,
} from "../../../daemon/checkpoint/model-registry.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("readModelRegistry", () => {
  it("reads what describeModelFiles made", async () => {
    const { models, model } = await registeredModel();
    await writeFile(join(models, "registry.json"), JSON.stringify({ models: [model] }));
    expect(await readModelRegistry(models)).toEqual([model]);
  });

  it("misses a registry that is not there", async () => {
    await expect(readModelRegistry(await temporaryFolder())).rejects.toMatchObject({ code: "model-missing" });
  });

  it.each(["", "[]", "{}", '{"models":{}}', '{"models":[{"id":"x"}]}', '{"models":[null]}'])(
    "refuses %j",
    async (text) => {
      const models = await temporaryFolder();
      await writeFile(join(models, "registry.json"), text);
      await expect(readModelRegistry(models)).rejects.toMatchObject({ code: "model-config-invalid" });
    },
  );
});

describe("verifyModel", () => {
  it("finds nothing wrong with untouched files", async () => {
    const { models, model } = await registeredModel();
    expect(model.files.map(({ path }) => path)).toEqual(["model_index.json", "unet/weights.bin"]);
    expect(await verifyModel(models, model)).toEqual([]);
  });

  it.each<[string, (file: string) => Promise<void>]>([
    ["missing", (file) => rm(file)],
    ["size", (file) => appendFile(file, "!")],
    ["hash", (file) => writeFile(file, "WEIGHTS")],
  ])("finds a changed file: %s", async (problem, change) => {
    const { models, model } = await registeredModel();
    await change(join(models, "tiny", "unet", "weights.bin"));
    expect(await verifyModel(models, model)).toEqual([{ path: "unet/weights.bin", problem }]);
  });
});

describe("unregisteredModels", () => {
  it("lists folders that hold a model, and only those", async () => {
    const { models, model } = await registeredModel();
    await mkdir(join(models, "notes"));
    await mkdir(join(models, "mine"));
    await writeFile(join(models, "mine", "model_index.json"), "{}");
    await writeFile(join(models, "README.md"), "");
    expect(await unregisteredModels(models, [model])).toEqual(["mine"]);
    expect(await unregisteredModels(models, [])).toEqual(["mine", "tiny"]);
  });
});

describe("describeModelFiles", () => {
  it("leaves hidden files out and refuses an empty folder", async () => {
    const folder = await temporaryFolder();
    await expect(describeModelFiles(folder)).rejects.toMatchObject({ code: "model-missing" });
    await writeFile(join(folder, ".DS_Store"), "x");
    await writeFile(join(folder, "config.json"), "{}");
    expect((await describeModelFiles(folder)).map(({ path }) => path)).toEqual(["config.json"]);
  });
});

async function registeredModel(): Promise<{ models: string; model: RegisteredModel }> {
  const models = await temporaryFolder();
  await mkdir(join(models, "tiny", "unet"), { recursive: true });
  await writeFile(join(models, "tiny", "model_index.json"), "{}");
  await writeFile(join(models, "tiny", "unet", "weights.bin"), "weights");
  const files = await describeModelFiles(join(models, "tiny"));
  const texts = { id: "tiny", title: "Tiny", folder: "tiny", license: "MIT", source: "here" };
  return { models, model: { ...texts, kind: "stable-diffusion", files } };
}
