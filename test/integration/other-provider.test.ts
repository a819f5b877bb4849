/**
 * Another device computes what the CPU does. `LOFT_TEST_PROVIDER` names it (webgpu, cuda, ...). Without it this is
 * WebGPU on a software Vulkan driver, with the smallest model alone: such a driver takes seconds to make ready what a
 * graphics card does at once.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loraLayout } from "../../daemon/adapters/lora.ts";
import { randomStream } from "../../daemon/base/random.ts";
import type { DiffusionModel } from "../../daemon/diffusion/diffusion-model.ts";
import { createScheduler } from "../../daemon/diffusion/schedulers/schedulers.ts";
import { input } from "../../daemon/engine/graph/value.ts";
import { add } from "../../daemon/engine/ops/elementwise.ts";
import type { Provider } from "../../daemon/engine/runtime/providers.ts";
import { createSession, type Session } from "../../daemon/engine/runtime/session.ts";
import { createSampler } from "../../daemon/sampling/sampler.ts";
import { createTrainer, type TrainerOptions } from "../../daemon/training/trainer.ts";
import { relativeError } from "../support/reference.ts";
import { smallestModel } from "../support/smallest-model.ts";
import { findSoftwareVulkan, howToGetSoftwareVulkan, useSoftwareVulkan } from "../support/software-vulkan.ts";
import {
  tinyExample,
  tinyJointTraining,
  tinyModel,
  tinyResolution,
  tinyRow,
  tinyTraining,
} from "../support/tiny-model.ts";

const named = process.env.LOFT_TEST_PROVIDER as Provider | undefined;
const software = named === undefined ? findSoftwareVulkan() : undefined;
const provider = named ?? "webgpu";
const isMissing = named === undefined && software === undefined;
const place = isMissing
  ? `another device: skipped, no software Vulkan driver is here (${howToGetSoftwareVulkan})`
  : `${provider}${software === undefined ? "" : ` on ${software.driver}`}`;

/** Largest relative errors beside the CPU: other devices add up in another order. */
const tolerances = { losses: 1e-5, gradNorms: 1e-4, firstMoment: 1e-3, latents: 1e-4, picture: 1e-4 };

type MakeModel = (session: DiffusionModel["session"]) => Promise<DiffusionModel>;
type MakeOptions = (model: DiffusionModel) => TrainerOptions;

describe.skipIf(isMissing)(place, { timeout: 300_000 }, () => {
  let kept: Session;
  beforeAll(async () => {
    if (software !== undefined) useSoftwareVulkan(software);
    // While a session is open the device keeps what it has made ready for the next one.
    kept = await createSession({ y: add(input("x", [1]), 1) }, { provider, threads: 1 });
  });
  afterAll(async () => await kept?.release());

  const models: readonly (readonly [string, MakeModel])[] = [
    ["the smallest model", smallestModel],
    ...(named === undefined ? [] : [["the tiny model", tinyModel] as const]),
  ];
  const trainings: readonly (readonly [string, MakeOptions])[] = [
    ["the U-Net", (model) => tinyTraining(model, 2)],
    ...(named === undefined
      ? []
      : [["U-Net and text encoder", (model: DiffusionModel) => tinyJointTraining(model, 2, 2)] as const]),
  ];

  describe.each(models)("%s", (_, makeModel) => {
    test.each(trainings)("learns: a step of %s", async (_training, optionsOf) => {
      const [there, here] = [
        await firstStep(makeModel, provider, optionsOf),
        await firstStep(makeModel, "cpu", optionsOf),
      ];
      expect(relativeError(there.losses, here.losses)).toBeLessThan(tolerances.losses);
      expect(relativeError(there.gradNorms, here.gradNorms)).toBeLessThan(tolerances.gradNorms);
      expect(relativeError(there.state.firstMoment, here.state.firstMoment)).toBeLessThan(tolerances.firstMoment);
    });

    test("samples: each row its own fusion, guided", async () => {
      const [there, here] = [await samples(makeModel, provider), await samples(makeModel, "cpu")];
      for (const [row, { latents, picture }] of here.entries()) {
        expect(relativeError(there[row]!.latents, latents)).toBeLessThan(tolerances.latents);
        expect(relativeError(there[row]!.picture, picture)).toBeLessThan(tolerances.picture);
      }
      // The rows start from the same noise and prompt: only their fusions differ.
      expect(relativeError(here[0]!.latents, here[1]!.latents)).toBeGreaterThan(10 * tolerances.latents);
    });
  });
});

async function firstStep(makeModel: MakeModel, on: Provider, optionsOf: MakeOptions) {
  const model = await makeModel({ provider: on, threads: 1 });
  const trainer = await createTrainer(model, optionsOf(model));
  const rows = [tinyRow(model, "a"), tinyRow(model, "b")];
  const result = await trainer.step(rows, trainer.start(rows));
  await trainer.release();
  return result;
}

/** Two steps of two rows that differ in their fusions alone. */
async function samples(makeModel: MakeModel, on: Provider) {
  const model = await makeModel({ provider: on, threads: 1 });
  const layout = loraLayout(4, tinyTraining(model, 1).layouts.unet.targets);
  const sampler = await createSampler(model, { rows: 2, resolution: tinyResolution, guidanceScale: 2, layout });
  const { crops, promptEmbeds } = tinyExample(model, "image");
  const { promptEmbeds: negativeEmbeds } = tinyExample(model, "negative");
  const fusionOf = (name: string) =>
    randomStream("fusion", name)
      .normals(layout.parameterCount)
      .map((value) => value * 0.1);
  const rows = ["a", "b"].map((name) => ({
    noise: crops[0]!.mean,
    promptEmbeds,
    negativeEmbeds,
    fusion: fusionOf(name),
  }));
  try {
    const latents = await sampler.denoise(rows, createScheduler(model.scheduler, undefined, 2));
    const pictures: Float32Array[] = [];
    for (const each of latents) pictures.push(await sampler.decode(each));
    return latents.map((each, row) => ({ latents: each, picture: pictures[row]! }));
  } finally {
    await sampler.release();
  }
}
