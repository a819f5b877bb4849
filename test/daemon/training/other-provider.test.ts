/**
 * A training step on another device agrees with the CPU. `LOFT_TEST_PROVIDER` names it (webgpu, cuda, ...); without it the
 * test is skipped. WebGPU runs without a graphics card on a software Vulkan driver: see CONTRIBUTING.md.
 */
import { expect, test } from "vitest";
import type { Provider } from "../../../daemon/engine/runtime/providers.ts";
import { createTrainer } from "../../../daemon/training/trainer.ts";
import { relativeError } from "../../support/reference.ts";
import { tinyModel, tinyRow, tinyTraining } from "../../support/tiny-model.ts";

const provider = process.env.LOFT_TEST_PROVIDER as Provider | undefined;

async function firstStep(on: Provider) {
  const model = await tinyModel({ provider: on, threads: 1 });
  const trainer = await createTrainer(model, tinyTraining(model, 2));
  const rows = [tinyRow(model, "a"), tinyRow(model, "b")];
  const result = await trainer.step(rows, trainer.start(rows));
  await trainer.release();
  return result;
}

test.skipIf(provider === undefined)(`a step on ${provider}`, { timeout: 300_000 }, async () => {
  const [there, here] = [await firstStep(provider!), await firstStep("cpu")];
  expect(relativeError(there.losses, here.losses)).toBeLessThan(1e-5);
  expect(relativeError(there.gradNorms, here.gradNorms)).toBeLessThan(1e-4);
  expect(relativeError(there.state.firstMoment, here.state.firstMoment)).toBeLessThan(1e-3);
});
