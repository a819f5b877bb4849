/** Thousands of damaged files: never a crash, never a hang, never more memory than the file is worth, always its name. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LoftError } from "../../daemon/base/errors.ts";
import { readSafetensorsHeader, readTensors } from "../../daemon/checkpoint/safetensors.ts";
import { parseConfig } from "../../daemon/config/parse.ts";
import { hasErrors } from "../../daemon/config/problem.ts";
import { resolveConfig } from "../../daemon/config/resolve.ts";
import { validateConfig } from "../../daemon/config/validate.ts";
import { readPhotoSquare } from "../../daemon/data/image-file.ts";
import { inspectPhoto } from "../../daemon/data/inspect-photo.ts";
import { checkModel } from "../../daemon/diffusion/check-model.ts";
import { loadDiffusionModel } from "../../daemon/diffusion/diffusion-model.ts";
import { choosePreset } from "../../daemon/pipeline/presets.ts";
import { pattern } from "../daemon/data/hostile-images.ts";
import { mutated } from "../support/mutate.ts";
import { referencePath } from "../support/reference.ts";
import { cpu } from "../support/run-graph.ts";

/** `LOFT_FUZZ=10` makes ten times as many of each. */
const factor = Number(process.env.LOFT_FUZZ ?? 1);

/** What libraries and garbage may take; a size that a damaged file claims is far beyond it. */
const memoryRoom = 500e6;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "loft-fuzz-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Outcomes of `attempt` over mutations number 0 to count: read, or refused with a LoftError that names the file. */
async function outcomes(count: number, attempt: (number: number) => Promise<string>): Promise<{ refused: number }> {
  let refused = 0;
  const room = process.memoryUsage.rss() + memoryRoom;
  for (let number = 0; number < count; number += 1) {
    const started = performance.now();
    let file = "";
    try {
      file = await attempt(number);
    } catch (error) {
      if (!(error instanceof LoftError)) throw new Error(`mutation ${number} of ${file}`, { cause: error });
      if (!error.what.includes(folder)) throw new Error(`mutation ${number} is not named: ${error.what}`);
      refused += 1;
    }
    if (20_000 < performance.now() - started) throw new Error(`mutation ${number} took too long`);
    if (room < process.memoryUsage.rss()) throw new Error(`mutation ${number} of ${file} took too much memory`);
  }
  return { refused };
}

describe("hostile files", () => {
  it("10,000 safetensors headers", { timeout: 600_000 }, async () => {
    const whole = await readFile(referencePath("mini-tiny", "lora", "a.safetensors"));
    const headerBytes = 8 + whole.readUInt32LE(0);
    const [header, data] = [whole.subarray(0, headerBytes), whole.subarray(headerBytes)];
    const file = join(folder, "mutated.safetensors");
    const count = 10_000 * factor;
    const { refused } = await outcomes(count, async (number) => {
      const bytes = Buffer.concat([mutated(header, number), data]);
      // Half of them get the length that their damaged text has, so that not everything ends at the first check.
      if (number % 2 === 0 && 8 < bytes.length - data.length) {
        bytes.writeBigUInt64LE(BigInt(bytes.length - data.length - 8), 0);
      }
      await writeFile(file, bytes);
      const tensors = await readTensors(await readSafetensorsHeader(file));
      const read = [...tensors.values()].reduce((sum, tensor) => sum + tensor.data.byteLength, 0);
      expect(read).toBeLessThanOrEqual(bytes.length);
      return file;
    });
    // Names may change without harm; most other damage must be seen.
    expect(refused).toBeGreaterThan(count / 2);
    expect(refused).toBeLessThan(count);
  });

  it("2,000 configurations", { timeout: 600_000 }, async () => {
    const good = Buffer.from(`{
  // every kind of value
  "name": "fuzz", "model": "loft-mini", "method": "loft", "preset": "auto", "seed": 42,
  "data": { "folder": "photos", "shots": 4, "classNames": { "a": "cat" } },
  "prompt": { "template": "a {domain}photo of a {class}", "domain": "food", "negative": "" },
  "adapter": { "rank": 4, "alpha": 4, "targetModules": ["to_q", "to_v"] },
  "training": { "steps": 600, "learningRate": 1e-3, "warmupSteps": 10, "schedule": "cosine", "batchSize": 8 },
  "fusion": { "adaptersPerImage": 2, "weights": { "kind": "fixed", "values": [0.5, 0.5] } },
  "sampling": { "imagesPerClass": 500, "steps": 50, "guidanceScale": 2, "scheduler": "ddim" },
}`);
    let broken = 0;
    for (let number = 0; number < 2000 * factor; number += 1) {
      const text = mutated(good, number).toString("utf8");
      const { config, problems } = validateConfig(parseConfig(text), choosePreset);
      expect(config === undefined).toBe(hasErrors(problems));
      for (const { offset, length } of problems) expect(offset + length).toBeLessThanOrEqual(text.length + 1);
      if (config === undefined) broken += 1;
      else resolveConfig(config, choosePreset(config.preset, config.model), "fuzz.loft.json");
    }
    expect(broken).toBeGreaterThan(200 * factor);
    expect(broken).toBeLessThan(2000 * factor);
  });

  it("500 images", { timeout: 600_000 }, async () => {
    const picture = () => sharp(pattern(48, 32), { raw: { width: 48, height: 32, channels: 3 } });
    const good = await Promise.all(
      [
        ...[picture().png(), picture().jpeg(), picture().webp(), picture().gif(), picture().tiff(), picture().avif()],
      ].map((each) => each.toBuffer()),
    );
    const file = join(folder, "mutated-image");
    const { refused } = await outcomes(500 * factor, async (number) => {
      await writeFile(file, mutated(good[number % good.length]!, number));
      const { facts, problems } = await inspectPhoto(file, file);
      for (const { message } of problems) expect(message).not.toBe("");
      const square = await readPhotoSquare(file, 32);
      expect(facts).toBeDefined();
      expect(square.rgb.length).toBe(32 * 32 * 3);
      return file;
    });
    expect(refused).toBeGreaterThan(50 * factor);
    expect(refused).toBeLessThan(500 * factor);
  });

  it.each([
    ...["model_index.json", "unet/config.json", "vae/config.json", "text_encoder/config.json"],
    ...["scheduler/scheduler_config.json", "tokenizer/tokenizer.json", "tokenizer/tokenizer_config.json"],
    ...["tokenizer/vocab.json", "tokenizer/merges.txt"],
  ])("100 times %s of a model folder", { timeout: 600_000 }, async (name) => {
    const model = join(folder, "model", name.replaceAll("/", "-"));
    await cp(referencePath("mini-tiny"), model, { recursive: true });
    // Vocabulary and merges are read only where no tokenizer.json holds both.
    if (/vocab|merges/.test(name)) await rm(join(model, "tokenizer", "tokenizer.json"));
    const good = await readFile(join(model, name));
    await outcomes(100 * factor, async (number) => {
      await writeFile(join(model, name), mutated(good, number));
      const loaded = await loadDiffusionModel(model, cpu);
      checkModel(loaded);
      expect(loaded.tokenizer.encode("a photo of a cat").length).toBe(loaded.tokenizer.maxLength);
      return join(dirname(model), name);
    });
  });
});
