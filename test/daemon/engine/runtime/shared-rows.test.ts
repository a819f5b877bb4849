/** Rows shared out to threads: adapters and images are the same, bit by bit, as on one thread. */
import { expect, test } from "vitest";
import { loraLayout } from "../../../../daemon/adapters/lora.ts";
import { findTargetModules } from "../../../../daemon/adapters/targets.ts";
import { randomStream } from "../../../../daemon/base/random.ts";
import { type DiffusionModel, latentSize } from "../../../../daemon/diffusion/diffusion-model.ts";
import { createScheduler } from "../../../../daemon/diffusion/schedulers/schedulers.ts";
import { createSampler } from "../../../../daemon/sampling/sampler.ts";
import { createTrainer } from "../../../../daemon/training/trainer.ts";
import { tinyModel, tinyResolution, tinyRow, tinyTraining } from "../../../support/tiny-model.ts";

const names = ["a", "b", "c"];
const models = [1, 2].map((threads) => tinyModel({ provider: "cpu", threads }));

test("adapters trained on two threads", async () => {
  const [alone, shared] = await Promise.all(models.map(async (model) => await trained(await model)));
  expect(shared).toEqual(alone);
});

test.each([1, 3])("images sampled on two threads, guidance %d", async (guidanceScale) => {
  const [alone, shared] = await Promise.all(models.map(async (model) => await sampled(await model, guidanceScale)));
  expect(shared).toEqual(alone);
});

async function trained(model: DiffusionModel) {
  const trainer = await createTrainer(model, tinyTraining(model, names.length));
  const rows = names.map((name) => tinyRow(model, name));
  const first = await trainer.step(rows, trainer.start(rows));
  const second = await trainer.step(rows, first.state);
  await trainer.release();
  return second;
}

async function sampled(model: DiffusionModel, guidanceScale: number) {
  const layout = loraLayout(2, findTargetModules(model.unet.file.tensors, ["to_q", "to_k", "to_v", "to_out.0"]));
  const embeds = (name: string) =>
    randomStream(name).normals(model.tokenizer.maxLength * model.unet.config.crossAttentionDim);
  const rows = names.map((name) => ({
    noise: randomStream("noise", name).normals(latentSize(model, tinyResolution)),
    promptEmbeds: embeds(name),
    negativeEmbeds: embeds(""),
    fusion: randomStream("fusion", name).normals(layout.parameterCount),
  }));
  const sampler = await createSampler(model, { rows: rows.length, resolution: tinyResolution, guidanceScale, layout });
  const latents = await sampler.denoise(rows, createScheduler(model.scheduler, "ddim", 3));
  await sampler.release();
  return latents;
}
