/**
 * A training step on another device agrees with the CPU. `LOFT_TEST_PROVIDER` names it (webgpu, cuda, ...); without it the
 * test is skipped. WebGPU runs without a graphics card on a software Vulkan driver: see CONTRIBUTING.md.
 */
import { expect, test } from "vitest";
import type { DiffusionModel } from "../../../daemon/diffusion/diffusion-model.ts";
import type { Provider } from "../../../daemon/engine/runtime/providers.ts";
import { createTrainer, type TrainerOptions } from "../../../daemon/training/trainer.ts";
import { relativeError } from "../../support/reference.ts";
import { tinyJointTraining, tinyModel, tinyRow, tinyTraining } from "../../support/tiny-model.ts";

const provider = process.env.LOFT_TEST_PROVIDER as Provider | undefined;

async function firstStep(on: Provider, optionsOf: (model: DiffusionModel) => TrainerOptions) {
  const model = await tinyModel({ provider: on, threads: 1 });
  const trainer = await createTrainer(model, optionsOf(model));
  const rows = [tinyRow(model, "a"), tinyRow(model, "b")];
  const result = await trainer.step(rows, trainer.start(rows));
  await trainer.release();
  return result;
}

test.skipIf(provider === undefined).each([
  ["the U-Net", (model: DiffusionModel) => tinyTraining(model, 2)],
  ["U-Net and text encoder", (model: DiffusionModel) => tinyJointTraining(model, 2, 2)],
])(`a step of %s on ${provider}`, { timeout: 300_000 }, async (_, optionsOf) => {
  const [there, here] = [await firstStep(provider!, optionsOf), await firstStep("cpu", optionsOf)];
  expect(relativeError(there.losses, here.losses)).toBeLessThan(1e-5);
  expect(relativeError(there.gradNorms, here.gradNorms)).toBeLessThan(1e-4);
  expect(relativeError(there.state.firstMoment, here.state.firstMoment)).toBeLessThan(1e-3);
});
