/** However a model's weights are stored, the networks compute the same, up to the rounding of the weights themselves. */
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CheckpointTensor } from "../../../daemon/checkpoint/safetensors.ts";
import { loadDiffusionModel } from "../../../daemon/diffusion/diffusion-model.ts";
import { encodePrompts } from "../../../daemon/diffusion/encode-prompts.ts";
import { unet } from "../../../daemon/diffusion/unet.ts";
import { decodeLatents } from "../../../daemon/diffusion/vae.ts";
import { float32 } from "../../../daemon/engine/graph/tensor.ts";
import { input } from "../../../daemon/engine/graph/value.ts";
import { fileWeights } from "../../../daemon/nn/weights.ts";
import { referenceArray, referencePath, relativeError } from "../../support/reference.ts";
import {
  convertWeights,
  copiedModel,
  cutWeights,
  linkedModel,
  toBfloat16,
  toFloat16,
  toFloat32Tensor,
  weightStems,
} from "../../support/resaved-model.ts";
import { cpu, runGraph } from "../../support/run-graph.ts";

const prompt = "a photo of a dog";

/** What each network of a model makes of the reference case's inputs. */
async function outputsOf(folder: string): Promise<Record<"noise" | "picture" | "embeds", Float32Array>> {
  const model = await loadDiffusionModel(folder, cpu);
  const [sample, timesteps, text, z] = await Promise.all(
    ["unet.sample", "unet.timesteps", "unet.text", "vae.z"].map((name) => referenceArray("mini-tiny", name)),
  );
  const feeds = {
    latents: float32(sample!.data, sample!.shape),
    timesteps: float32(timesteps!.data, timesteps!.shape),
    promptEmbeds: float32(text!.data, text!.shape),
    z: float32(z!.data, z!.shape),
  };
  const inputs = {
    latents: input("latents", sample!.shape),
    timesteps: input("timesteps", timesteps!.shape),
    promptEmbeds: input("promptEmbeds", text!.shape),
  };
  const noise = unet(fileWeights(model.unet.file), model.unet.config, inputs);
  const picture = decodeLatents(fileWeights(model.vae.file), model.vae.config, input("z", z!.shape));
  // One graph for each network, since only the files of one need lie in one folder.
  const results = { ...(await runGraph({ noise }, feeds)), ...(await runGraph({ picture }, feeds)) };
  const embeds = await encodePrompts(model, [prompt]);
  return {
    noise: results.noise!.data as Float32Array,
    picture: results.picture!.data as Float32Array,
    embeds: embeds.get(prompt)!,
  };
}

async function cutInThree(model: string): Promise<string> {
  await cutWeights(model, 3);
  return model;
}

/** Half-precision weights under their usual name, alone in the folder. */
async function asVariant(model: string, variant: string): Promise<void> {
  for (const [part, stem] of Object.entries(weightStems)) {
    await rename(join(model, part, `${stem}.safetensors`), join(model, part, `${stem}.${variant}.safetensors`));
  }
}

describe("the same weights", () => {
  it.each([
    ["cut into three files", cutInThree],
    ["linked, as in the cache of Hugging Face", linkedModel],
    ["cut and linked", async (model: string) => linkedModel(await cutInThree(model))],
  ])("%s give the same outputs", async (_, store) => {
    const stored = await store(await copiedModel());
    expect(await outputsOf(stored)).toEqual(await outputsOf(referencePath("mini-tiny")));
  });
});

describe("16-bit weights", () => {
  const cases: readonly (readonly [string, (tensor: CheckpointTensor) => CheckpointTensor, number])[] = [
    ["fp16", toFloat16, 2e-3],
    ["bf16", toBfloat16, 2e-2],
  ];
  it.each(cases)(
    "%s: outputs are those of the rounded weights in f32, near those of the full ones",
    async (variant, narrow, rounding) => {
      const half = await copiedModel();
      await convertWeights(half, narrow);
      const rounded = await copiedModel();
      await convertWeights(rounded, (tensor) => toFloat32Tensor(narrow(tensor)));
      const found = await outputsOf(half);
      const wanted = await outputsOf(rounded);
      const full = await outputsOf(referencePath("mini-tiny"));
      for (const name of ["noise", "picture", "embeds"] as const) {
        expect(relativeError(found[name], wanted[name]), name).toBeLessThan(1e-6);
        expect(relativeError(found[name], full[name]), name).toBeLessThan(rounding);
        expect(relativeError(found[name], full[name]), name).toBeGreaterThan(rounding / 100);
      }
      await asVariant(half, variant);
      expect(await outputsOf(half)).toEqual(found);
    },
  );
});
