/** Schedulers, step by step against diffusers with a toy network (how: the "source" field of the fixture). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readJsonFile } from "../../../../daemon/checkpoint/diffusers-folder.ts";
import { readSchedulerConfig } from "../../../../daemon/diffusion/configs/scheduler-config.ts";
import { initialState, type Scheduler, type SchedulerId } from "../../../../daemon/diffusion/schedulers/scheduler.ts";
import { createScheduler } from "../../../../daemon/diffusion/schedulers/schedulers.ts";
import { loftErrorOf } from "../../../support/loft-error.ts";
import { referenceArray, referencePath, relativeError } from "../../../support/reference.ts";

type Run = { config: Record<string, unknown>; steps: number; timesteps: number[]; sigmas?: number[]; path: number[][] };
type Table = { scheduler: string; spacing: string; timesteps: Record<string, number[]> };
const fixture = JSON.parse(
  readFileSync(new URL("../../../fixtures/schedulers/linear-model.json", import.meta.url), "utf8"),
) as { start: number[]; runs: Run[]; tables: Table[] };

function schedulerOf(json: Record<string, unknown>, steps: number, override?: SchedulerId): Scheduler {
  return createScheduler(readSchedulerConfig({ path: "scheduler_config.json", json }), override, steps);
}

/** The toy network that the fixture was made with. */
function linearModel(sample: Float32Array, timestep: number): Float32Array {
  const next = (index: number) => sample[(index + 1) % sample.length]!;
  return sample.map((value, index) => 0.3 * value - 0.2 * next(index) + 0.05 * index + timestep / 2000);
}

function runOn(scheduler: Scheduler, start: Float32Array): Float32Array[] {
  let state = initialState;
  let sample: Float32Array = start.map((value) => value * scheduler.initNoiseSigma);
  return scheduler.timesteps.map((timestep, stepIndex) => {
    ({ sample, state } = scheduler.step(state, stepIndex, linearModel(sample, timestep), sample));
    return sample;
  });
}

describe("with a linear model, as diffusers", () => {
  const name = ({ config, steps }: Run) => `${steps} steps ${JSON.stringify(config)}`;
  it.each(fixture.runs.map((run) => [name(run), run] as const))("%s", (_, run) => {
    const scheduler = schedulerOf(run.config, run.steps);
    expect(scheduler.timesteps).toEqual(run.timesteps);
    expect(relativeError(scheduler.sigmas, run.sigmas ?? [])).toBeLessThan(2e-6);
    const path = runOn(scheduler, Float32Array.from(fixture.start));
    for (const [stepIndex, wanted] of run.path.entries()) {
      expect(relativeError(path[stepIndex]!, wanted), `step ${stepIndex}`).toBeLessThan(2e-5);
    }
  });

  it.each(fixture.tables.map((table) => [table.scheduler, table.spacing, table] as const))(
    "timesteps of %s, %s",
    (className, spacing, { timesteps }) => {
      for (const [steps, wanted] of Object.entries(timesteps)) {
        const json = { _class_name: className, timestep_spacing: spacing, steps_offset: 1, clip_sample: false };
        expect(schedulerOf(json, Number(steps)).timesteps).toEqual(wanted);
      }
    },
  );
});

describe("with the reference model's own files", () => {
  const cases = ["ddim", "dpm", "dpm-karras"].flatMap((name) => [10, 20, 50].map((steps) => [name, steps] as const));
  it.each(cases)("%s, %i steps: timesteps and sigmas", async (name, steps) => {
    const file = await readJsonFile(referencePath("mini-tiny", "schedulers", name, "scheduler_config.json"));
    const scheduler = createScheduler(readSchedulerConfig(file), undefined, steps);
    const wanted = await referenceArray("mini-tiny", `schedule.${name}.${steps}.timesteps`);
    expect([...scheduler.timesteps]).toEqual([...wanted.data]);
    const sigma = await referenceArray("mini-tiny", `schedule.${name}.${steps}.init_noise_sigma`);
    expect(scheduler.initNoiseSigma).toBe(sigma.data[0]);
    if (name === "ddim") return;
    const sigmas = await referenceArray("mini-tiny", `schedule.${name}.${steps}.sigmas`);
    expect(relativeError(scheduler.sigmas, sigmas.data)).toBeLessThan(2e-5);
  });
});

describe("a step", () => {
  const dpm = { _class_name: "DPMSolverMultistepScheduler", beta_schedule: "scaled_linear", solver_order: 3 };

  it("leaves its arguments alone and can be repeated from a stored state", () => {
    const scheduler = schedulerOf(dpm, 20);
    let state = initialState;
    let sample: Float32Array = Float32Array.from(fixture.start);
    for (const [stepIndex, timestep] of scheduler.timesteps.entries()) {
      const stored = { state: structuredClone(state), sample: sample.slice() };
      const output = linearModel(sample, timestep);
      const next = scheduler.step(state, stepIndex, output, sample);
      expect({ state, sample }).toEqual(stored);
      expect(schedulerOf(dpm, 20).step(stored.state, stepIndex, output, stored.sample)).toEqual(next);
      ({ state, sample } = next);
    }
    expect(state.predictions.length).toBe(3);
  });

  it("treats each element of a batch on its own", () => {
    const scheduler = schedulerOf(dpm, 5);
    const output = (sample: Float32Array) => sample.map((value) => Math.sin(value));
    const run = (start: Float32Array) => {
      let state = initialState;
      let sample: Float32Array = start;
      for (const stepIndex of scheduler.timesteps.keys()) {
        ({ sample, state } = scheduler.step(state, stepIndex, output(sample), sample));
      }
      return sample;
    };
    const alone = [0.3, -2, 1].map((value) => run(Float32Array.of(value))[0]);
    expect([...run(Float32Array.of(0.3, -2, 1))]).toEqual(alone);
  });

  it.each(["ddim", "dpm-solver++"] as const)("%s finds a constant clean sample exactly", (id) => {
    const scheduler = schedulerOf(
      { _class_name: "PNDMScheduler", beta_schedule: "scaled_linear", clip_sample: false, set_alpha_to_one: true },
      10,
      id,
    );
    const clean = Float32Array.of(0.7, -0.2);
    const betas = Array.from(
      { length: 1000 },
      (_, i) => (Math.sqrt(1e-4) + ((Math.sqrt(0.02) - Math.sqrt(1e-4)) * i) / 999) ** 2,
    );
    const abar = (timestep: number) => betas.slice(0, timestep + 1).reduce((product, beta) => product * (1 - beta), 1);
    let state = initialState;
    let sample: Float32Array = Float32Array.of(1.1, 0.4);
    for (const [stepIndex, timestep] of scheduler.timesteps.entries()) {
      const signal = Math.sqrt(abar(timestep));
      const noise = sample.map((value, index) => (value - signal * clean[index]!) / Math.sqrt(1 - signal * signal));
      ({ sample, state } = scheduler.step(state, stepIndex, noise, sample));
    }
    expect(relativeError(sample, clean)).toBeLessThan(1e-3);
  });
});

describe("reading one scheduler's file as another's", () => {
  const pndm = {
    _class_name: "PNDMScheduler",
    beta_start: 0.00085,
    beta_end: 0.012,
    beta_schedule: "scaled_linear",
    skip_prk_steps: true,
    steps_offset: 1,
  };

  it("takes the other's default for an absent spacing, and keeps one that is there", () => {
    expect(schedulerOf(pndm, 10, "dpm-solver++").timesteps.slice(0, 2)).toEqual([999, 899]);
    expect(schedulerOf(pndm, 10, "ddim").timesteps.slice(0, 2)).toEqual([901, 801]);
    const leading = { ...pndm, timestep_spacing: "leading" };
    expect(schedulerOf(leading, 10, "dpm-solver++").timesteps.slice(0, 2)).toEqual([901, 811]);
  });

  it("clips with DDIM unless the file says otherwise", () => {
    const far = Float32Array.of(30);
    const first = (json: Record<string, unknown>) =>
      schedulerOf(json, 10, "ddim").step(initialState, 9, Float32Array.of(0), far).sample[0]!;
    expect(first(pndm)).toBeLessThan(1.01);
    expect(first({ ...pndm, clip_sample: false })).toBeGreaterThan(29);
  });

  it("names a scheduler it cannot sample with, and the way out", async () => {
    const error = await loftErrorOf(() => schedulerOf(pndm, 10), "model-config-unsupported");
    expect(error.what).toContain("PNDMScheduler");
    expect(error.fix).toContain('"ddim"');
  });
});

describe("step counts that do not fit", () => {
  const ddim = { _class_name: "DDIMScheduler", timestep_spacing: "leading", steps_offset: 1 };
  it.each([
    ["none", ddim, 0],
    ["a fraction", ddim, 2.5],
    ["more than training had", ddim, 1001],
    ["an offset beyond the end", ddim, 1000],
    ["DPM with the same timestep twice", { _class_name: "DPMSolverMultistepScheduler" }, 1000],
    [
      "DPM with too few timesteps left",
      { _class_name: "DPMSolverMultistepScheduler", timestep_spacing: "trailing", lambda_min_clipped: 0 },
      100,
    ],
  ])("%s", async (_, json, steps) => {
    const error = await loftErrorOf(() => schedulerOf(json, steps), "config-invalid");
    expect(error.what).toContain(`${steps} inference steps`);
  });
});
