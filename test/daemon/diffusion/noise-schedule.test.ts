/** The noise schedule, against arrays of diffusers. */
import { describe, expect, it } from "vitest";
import { readSchedulerConfig } from "../../../daemon/diffusion/configs/scheduler-config.ts";
import { buildNoiseSchedule, signalAndNoise } from "../../../daemon/diffusion/noise-schedule.ts";
import { referenceArray } from "../../support/reference.ts";

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

describe("signalAndNoise", () => {
  it("keeps the variance", () => {
    const { signal, noise } = signalAndNoise(scheduleOf("linear"), 500);
    expect(signal ** 2 + noise ** 2).toBeCloseTo(1, 12);
  });

  it.each([-1, 1000, 0.5, Number.NaN])("refuses timestep %s", (timestep) => {
    expect(() => signalAndNoise(scheduleOf("linear"), timestep)).toThrow(RangeError);
  });
});
