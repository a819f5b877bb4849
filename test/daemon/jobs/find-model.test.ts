/** From a model's name to the model: bundled, in the store, or a folder; and what to do when it is none of them. */
import { appendFile, cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { addModel } from "../../../daemon/hub/add-model.ts";
import { stagingFolder } from "../../../daemon/hub/model-store.ts";
import { findModel } from "../../../daemon/jobs/find-model.ts";
import { testAdding } from "../../support/add-model.ts";
import { startHubServer, tinyModelFiles } from "../../support/hub-server.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { tinyModelFolder } from "../../support/tiny-run.ts";

const session = { provider: "cpu", threads: 1 } as const;

describe("findModel", () => {
  it("finds the same model by a download's name, by an added name and as a folder", async () => {
    const { adding, places } = await setUp();
    const { folder } = (await addModel(adding.request("owner/tiny"))).model;
    await addModel(adding.request(tinyModelFolder, { name: "mine" }));
    const download = await findModel("owner/tiny", places, session);
    expect(download).toMatchObject({ name: "owner/tiny", license: "mit", diffusion: { folder } });
    const added = await findModel("mine", places, session);
    expect(added).toMatchObject({ name: "mine", license: "unknown", hash: download.hash });
    const plain = await findModel(tinyModelFolder, places, session);
    expect(plain).toMatchObject({ name: "mini-tiny", license: "unknown", hash: download.hash });
  });

  it("prefers a folder beside the configuration to a known name that is not downloaded", async () => {
    const { places } = await setUp();
    await cp(tinyModelFolder, join(places.baseFolder, "known"), { recursive: true });
    expect((await findModel("known", places, session)).name).toBe("known");
  });

  it("says the exact command for a known model that is not here, or not whole", async () => {
    const { places } = await setUp();
    const absent = await loftErrorOf(() => findModel("known", places, session), "model-not-downloaded");
    expect(absent.fix).toBe("Run `loft models add known`, then this again.");
    await mkdir(stagingFolder(places.storeFolder, "owner/tiny"), { recursive: true });
    const partial = await loftErrorOf(() => findModel("owner/tiny", places, session), "model-not-downloaded");
    expect(partial.what).toContain("not downloaded to its end");
    expect(partial.fix).toBe("Run `loft models add owner/tiny`, then this again.");
  });

  it.each([
    ["knwon", /Did you mean "known"\?/],
    ["some/where", /`loft models add some\/where`/],
    ["../nowhere", /Give one of bundled, known/],
  ])("helps with %s", async (name, fix) => {
    const { places } = await setUp();
    expect((await loftErrorOf(() => findModel(name, places, session), "model-missing")).fix).toMatch(fix);
  });

  it("says what to give in place of a file, a cache's folder, or one part of a model", async () => {
    const { places } = await setUp();
    const { baseFolder } = places;
    await writeFile(join(baseFolder, "v1-5.safetensors"), "");
    await cp(tinyModelFolder, join(baseFolder, "models--o--m", "snapshots", "0123"), { recursive: true });
    const fixOf = async (name: string) =>
      (await loftErrorOf(() => findModel(name, places, session), "model-missing")).fix;
    expect(await fixOf("v1-5.safetensors")).toContain("from_single_file");
    const snapshot = join(baseFolder, "models--o--m", "snapshots", "0123");
    expect(await fixOf("models--o--m")).toBe(`Give ${snapshot} instead.`);
    expect(await fixOf("models--o--m/snapshots/0123/unet")).toBe(`Give ${snapshot} instead.`);
    expect((await findModel("models--o--m/snapshots/0123", places, session)).name).toBe("0123");
  });

  it.each<[string, (folder: string) => Promise<void>, "model-missing" | "model-hash-mismatch"]>([
    ["a missing file", (folder) => rm(join(folder, "unet/config.json")), "model-missing"],
    ["a longer file", (folder) => appendFile(join(folder, "vae/config.json"), "\n"), "model-hash-mismatch"],
    ["a changed file", (folder) => writeFile(join(folder, "tokenizer/merges.txt"), ""), "model-hash-mismatch"],
    [
      "a file that was not there before",
      (folder) => cp(join(folder, "tokenizer/vocab.json"), join(folder, "tokenizer/special_tokens_map.json")),
      "model-hash-mismatch",
    ],
  ])("does not use a model of the store with %s", async (_, damage, code) => {
    const { adding, places } = await setUp();
    const { folder } = (await addModel(adding.request("owner/tiny"))).model;
    await damage(folder);
    const error = await loftErrorOf(() => findModel("owner/tiny", places, session), code);
    expect(error.fix).toContain("loft models add owner/tiny");
  });
});

async function setUp() {
  const server = await startHubServer({ "owner/tiny": { files: await tinyModelFiles(), license: "mit" } });
  const adding = await testAdding(server);
  const { modelsFolder, store } = adding;
  return { adding, places: { modelsFolder, storeFolder: store, baseFolder: join(store, "..") } };
}
