/** Noised latents, targets and losses of training, against arrays of diffusers. */
import { expect, test } from "vitest";
import { readSchedulerConfig } from "../../../daemon/diffusion/configs/scheduler-config.ts";
import { buildNoiseSchedule, signalAndNoise } from "../../../daemon/diffusion/noise-schedule.ts";
import { float32, type HostTensor } from "../../../daemon/engine/graph/tensor.ts";
import { input } from "../../../daemon/engine/graph/value.ts";
import { addNoise, rowwiseLoss, trainingTarget } from "../../../daemon/training/diffusion-loss.ts";
import { referenceArray, relativeError } from "../../support/reference.ts";
import { runGraph } from "../../support/run-graph.ts";

const json = { _class_name: "DDPMScheduler", beta_start: 0.00085, beta_end: 0.012, beta_schedule: "scaled_linear" };
const schedule = buildNoiseSchedule(readSchedulerConfig({ path: "test", json }));

test.each(["epsilon", "v_prediction"] as const)("%s", async (predictionType) => {
  const read = async (name: string) => referenceArray("mini-tiny", `noise.${name}`);
  const [latents, noise, prediction, timesteps] = await Promise.all(
    ["latents", "noise", "prediction", "timesteps"].map(read),
  );
  const { shape } = latents!;
  const factors = [...timesteps!.data].map((timestep) => signalAndNoise(schedule, timestep));
  const perRow = [factors.length, 1, 1, 1];
  const noised = {
    latents: input("latents", shape),
    noise: input("noise", shape),
    signalScale: input("signalScale", perRow),
    noiseScale: input("noiseScale", perRow),
  };
  const feeds: Record<string, HostTensor> = {
    latents: float32(latents!.data, shape),
    noise: float32(noise!.data, shape),
    prediction: float32(prediction!.data, shape),
    signalScale: float32(
      Float32Array.from(factors, ({ signal }) => signal),
      perRow,
    ),
    noiseScale: float32(
      Float32Array.from(factors, ({ noise }) => noise),
      perRow,
    ),
  };
  const target = trainingTarget(noised, predictionType);
  const losses = rowwiseLoss(input("prediction", shape), target);
  const made = await runGraph({ noisy: addNoise(noised), target, losses }, feeds);
  const found = (name: string) => made[name]!.data as Float32Array;
  const wanted = async (name: string) => (await read(name)).data;
  expect(relativeError(found("noisy"), await wanted("noisy"))).toBeLessThan(2e-5);
  const wantedTarget = predictionType === "epsilon" ? noise!.data : await wanted("velocity");
  expect(relativeError(found("target"), wantedTarget)).toBeLessThan(2e-5);
  const meanLoss = found("losses").reduce((sum, loss) => sum + loss, 0) / factors.length;
  expect(relativeError([meanLoss], await wanted(`loss.${predictionType}`))).toBeLessThan(2e-5);
});
