/** Exports of a run folder: every format, read back; folders that are in use; exports that were stopped. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readAdapter } from "../../../daemon/adapters/adapter-file.ts";
import type { Adapter } from "../../../daemon/adapters/adapter-weights.ts";
import { loraFromPacked, loraLayout } from "../../../daemon/adapters/lora.ts";
import { sha256 } from "../../../daemon/base/hash.ts";
import { randomStream } from "../../../daemon/base/random.ts";
import { readSafetensorsHeader } from "../../../daemon/checkpoint/safetensors.ts";
import { type ExportFormat, exportFormats } from "../../../daemon/jobs/export-formats.ts";
import { type ExportRequest, exportRun } from "../../../daemon/jobs/export-run.ts";
import { adapterFile, inRun } from "../../../daemon/jobs/run-folder.ts";
import { writeTrainedAdapter } from "../../../daemon/jobs/trained-adapter.ts";
import type { AdapterTask } from "../../../daemon/pipeline/plan.ts";
import { writeDatasetFolder } from "../../support/dataset-folder.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const modules = {
  unet: ["down_blocks.0.attn1.to_q", "mid_block.attn2.to_k"],
  textEncoder: ["encoder.layers.0.self_attn.q_proj"],
};

function adapterNamed(name: string): Adapter {
  const network = (names: readonly string[], rank: number) => {
    const layout = loraLayout(
      rank,
      names.map((module) => ({ name: module, inFeatures: 3, outFeatures: 2 })),
    );
    return loraFromPacked(layout, 4, randomStream(name, rank).normals(layout.parameterCount));
  };
  return { unet: network(modules.unet, 2), textEncoder: network(modules.textEncoder, 3) };
}

function taskOf(className: string): AdapterTask {
  const photo = { path: `${className}/1.jpg`, sha256: sha256(className) };
  const parameters = { targetModules: ["to_q", "to_k"] };
  return {
    id: sha256(`task ${className}`),
    className,
    classFolder: className,
    examples: [{ className, classFolder: className, photo, prompt: "p" }],
    parameters,
  } as unknown as AdapterTask;
}

const classes = ["Ape", "zebra_crossing"];

/** A run folder with two adapters and a dataset. */
async function runFolder(): Promise<string> {
  const root = await temporaryFolder();
  await writeDatasetFolder(root);
  for (const name of classes) {
    await writeTrainedAdapter(
      root,
      taskOf(name),
      { name: "base", hash: "abc" },
      { adapter: adapterNamed(name), steps: 600 },
    );
  }
  return root;
}

async function request(format: ExportFormat, changes: Partial<ExportRequest> = {}): Promise<ExportRequest> {
  const output = join(await temporaryFolder(), "deep", "out");
  const root = changes.root ?? (await runFolder());
  return { root, format, output, dtype: "f32", signal: new AbortController().signal, ...changes };
}

const nameOf = (className: string) => `${className}-${taskOf(className).id.slice(0, 12)}`;

describe("adapters", () => {
  it.each<[ExportFormat, (name: string) => string]>([
    ["adapters-kohya", (name) => `${name}.safetensors`],
    ["adapters-peft", (name) => name],
    ["adapters-diffusers", (name) => `${name}/pytorch_lora_weights.safetensors`],
  ])("%s keep every bit in float32, and are listed", async (format, fileOf) => {
    const asked = await request(format);
    expect(await exportRun(asked)).toEqual({ adapters: 2 });
    for (const name of classes) {
      expect(await readAdapter(join(asked.output, fileOf(nameOf(name))), modules)).toEqual(adapterNamed(name));
    }
    const list = (await readFile(join(asked.output, "adapters.jsonl"), "utf8")).trimEnd().split("\n");
    expect(list.map((line) => JSON.parse(line))).toEqual(
      classes.map((name) => ({
        file: fileOf(nameOf(name)),
        class: name,
        photo: `${name}/1.jpg`,
        photo_sha256: sha256(name),
        prompt: "p",
        base_model: "base",
        model_hash: "abc",
        id: taskOf(name).id,
      })),
    );
    expect((await readdir(asked.output)).sort()).toEqual(
      [...classes.map((name) => fileOf(nameOf(name)).split("/")[0]), "adapters.jsonl"].sort(),
    );
  });

  it("are half as large in float16, and carry what is known of them, but not the hash of other values", async () => {
    const asked = await request("adapters-kohya", { dtype: "f16" });
    await exportRun(asked);
    const { tensors, metadata } = await readSafetensorsHeader(join(asked.output, `${nameOf("Ape")}.safetensors`));
    expect(tensors.get("lora_unet_mid_block_attn2_to_k.lora_up.weight")!.dtype).toBe("F16");
    expect(metadata).toMatchObject({ loft_class: "Ape", ss_output_name: nameOf("Ape"), ss_sd_model_name: "base" });
    expect(metadata.loft_weights_sha256).toBeUndefined();
  });

  it("keep the target names of the run", async () => {
    const asked = await request("adapters-peft");
    await exportRun(asked);
    const config = (part: string) => readFile(join(asked.output, nameOf("Ape"), part, "adapter_config.json"), "utf8");
    expect(JSON.parse(await config("unet"))).toMatchObject({
      target_modules: ["to_k", "to_q"],
      base_model_name_or_path: "base",
    });
    expect(JSON.parse(await config("text_encoder")).target_modules).toEqual(modules.textEncoder);
  });

  it("that are not what was trained are refused by name", async () => {
    const asked = await request("adapters-kohya");
    const file = adapterFile("Ape", taskOf("Ape").id);
    await writeFile(
      inRun(asked.root, file),
      await readFile(inRun(asked.root, adapterFile("zebra_crossing", taskOf("zebra_crossing").id))),
    );
    const error = await loftErrorOf(() => exportRun(asked), "adapter-invalid");
    expect(error.what).toContain(file);
  });
});

describe("datasets", () => {
  it.each<[ExportFormat, readonly string[]]>([
    ["csv", ["train.csv"]],
    ["jsonl", ["train.jsonl"]],
    ["webdataset", ["classes.json", "train-000000.tar"]],
    ["parquet", ["data", "data/train-00000-of-00001.parquet"]],
  ])("%s", async (format, files) => {
    const asked = await request(format);
    expect(await exportRun(asked)).toEqual({ images: 6 });
    expect((await readdir(asked.output, { recursive: true })).sort()).toEqual(files);
  });
});

describe.each(exportFormats)("%s", (format) => {
  it("needs something to export", async () => {
    const asked = await request(format, { root: await temporaryFolder() });
    await loftErrorOf(() => exportRun(asked), "run-damaged");
  });

  it("does not mix with what is there", async () => {
    const asked = await request(format);
    await mkdir(asked.output, { recursive: true });
    await writeFile(join(asked.output, "mine.txt"), "");
    const error = await loftErrorOf(() => exportRun(asked), "output-not-empty");
    expect(error.what).toContain("mine.txt");
    expect(await readdir(asked.output)).toEqual(["mine.txt"]);
  });
});

describe("an export that was stopped", () => {
  const stopped = AbortSignal.abort(new Error("stopped"));

  it.each<ExportFormat>(["adapters-kohya", "webdataset", "parquet"])("is done again as %s", async (format) => {
    const asked = await request(format);
    await expect(exportRun({ ...asked, signal: stopped })).rejects.toThrow("stopped");
    expect(await readdir(asked.output)).toEqual([".loft-export"]);
    await writeFile(join(asked.output, ".train-000000.tar.1.loft-tmp"), "torn");
    await exportRun(asked);
    const names = await readdir(asked.output);
    expect(names.filter((name) => name.startsWith("."))).toEqual([]);
    expect(names.length).toBeGreaterThan(0);
  });

  it("does not mix with another one", async () => {
    const asked = await request("webdataset");
    await expect(exportRun({ ...asked, signal: stopped })).rejects.toThrow("stopped");
    await loftErrorOf(() => exportRun({ ...asked, format: "csv" }), "output-not-empty");
    await rm(join(asked.root, "data"), { recursive: true });
    await writeDatasetFolder(asked.root);
    const metadata = join(asked.root, "data", "train", "metadata.jsonl");
    await writeFile(metadata, (await readFile(metadata, "utf8")).split("\n").slice(1).join("\n"));
    await loftErrorOf(() => exportRun(asked), "output-not-empty");
  });
});
