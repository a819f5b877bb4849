/** The forward process, against arrays of diffusers. */
import { describe, expect, it } from "vitest";
import { readSchedulerConfig } from "../../../daemon/diffusion/configs/scheduler-config.ts";
import { addNoise, buildNoiseSchedule, signalAndNoise, velocity } from "../../../daemon/diffusion/noise-schedule.ts";
import { referenceArray, relativeError } from "../../support/reference.ts";

function scheduleOf(betaSchedule: string) {
  const json = { _class_name: "DDPMScheduler", beta_start: 0.00085, beta_end: 0.012, beta_schedule: betaSchedule };
  return buildNoiseSchedule(readSchedulerConfig({ path: "test", json }));
}

describe("buildNoiseSchedule", () => {
  it.each(["linear", "scaled_linear", "squaredcos_cap_v2"])("%s, as diffusers", async (name) => {
    const schedule = scheduleOf(name);
    const betas = await referenceArray("schedule", `betas.${name}`);
    const alphas = await referenceArray("schedule", `alphas_cumprod.${name}`);
    const largest = (pairs: number[]) => pairs.reduce((left, right) => Math.max(left, right), 0);
    expect(schedule.betas.length).toBe(1000);
    expect(largest([...schedule.betas].map((beta, t) => Math.abs(beta / betas.data[t]! - 1)))).toBeLessThan(
      // The reference subtracts nearly equal float32 numbers at the start of the cosine schedule.
      name === "squaredcos_cap_v2" ? 1e-5 : 1e-6,
    );
    expect(largest([...schedule.alphasCumprod].map((alpha, t) => Math.abs(alpha - alphas.data[t]!)))).toBeLessThan(
      1e-6,
    );
  });
});

describe("noise and velocity", () => {
  const arrays = async () => {
    const [latents, noise, timesteps] = await Promise.all(
      ["latents", "noise", "timesteps"].map((name) => referenceArray("mini-tiny", `noise.${name}`)),
    );
    return { latents: latents!.data, noise: noise!.data, timesteps: [...timesteps!.data] };
  };

  it.each([
    ["noise.noisy", addNoise],
    ["noise.velocity", velocity],
  ])("%s", async (name, compute) => {
    const { latents, noise, timesteps } = await arrays();
    const wanted = await referenceArray("mini-tiny", name);
    const size = latents.length / timesteps.length;
    const found = timesteps.flatMap((timestep, row) => {
      const part = (data: Float32Array) => data.subarray(row * size, (row + 1) * size);
      return [...compute(scheduleOf("scaled_linear"), part(latents), part(noise), timestep)];
    });
    expect(relativeError(found, wanted.data)).toBeLessThan(2e-5);
  });

  it("keeps the variance", () => {
    const { signal, noise } = signalAndNoise(scheduleOf("linear"), 500);
    expect(signal ** 2 + noise ** 2).toBeCloseTo(1, 12);
  });

  it.each([-1, 1000, 0.5, Number.NaN])("refuses timestep %s", (timestep) => {
    expect(() => signalAndNoise(scheduleOf("linear"), timestep)).toThrow(RangeError);
  });
});
