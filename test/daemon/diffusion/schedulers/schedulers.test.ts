/** Schedulers, step by step against diffusers with a toy network (how: the "source" field of the fixture). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readJsonFile } from "../../../../daemon/checkpoint/diffusers-folder.ts";
import { readSchedulerConfig } from "../../../../daemon/diffusion/configs/scheduler-config.ts";
import { initialState, type Scheduler, type SchedulerId } from "../../../../daemon/diffusion/schedulers/scheduler.ts";
import { createScheduler } from "../../../../daemon/diffusion/schedulers/schedulers.ts";
import { loftErrorOf } from "../../../support/loft-error.ts";
import { referenceArray, referencePath, relativeError } from "../../../support/reference.ts";

type Run = {
  config: Record<string, unknown>;
  steps: number;
  timesteps: number[];
  sigmas?: number[];
  initNoiseSigma?: number;
  path: number[][];
};
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
    const scaled = sample.map((value) => value * scheduler.inputScales[stepIndex]!);
    ({ sample, state } = scheduler.step(state, stepIndex, linearModel(scaled, timestep), sample));
    return sample;
  });
}

describe("with a linear model, as diffusers", () => {
  const name = ({ config, steps }: Run) => `${steps} steps ${JSON.stringify(config)}`;
  it.each(fixture.runs.map((run) => [name(run), run] as const))("%s", (_, run) => {
    const scheduler = schedulerOf(run.config, run.steps);
    if (run.config.use_karras_sigmas === true && run.config._class_name === "EulerDiscreteScheduler") {
      // Interpolated between logarithms of float32 there.
      expect(relativeError(scheduler.timesteps, run.timesteps)).toBeLessThan(2e-5);
    } else expect(scheduler.timesteps).toEqual(run.timesteps.map(Math.fround));
    // 1 - abar is float32 there: 7e-5 of it near timestep 0, 1.3e-5 of abar at the end of the cosine schedule.
    expect(relativeError(scheduler.sigmas, run.sigmas ?? [])).toBeLessThan(2e-5);
    expect(relativeError([scheduler.initNoiseSigma], [run.initNoiseSigma ?? 1])).toBeLessThan(2e-5);
    const path = runOn(scheduler, Float32Array.from(fixture.start));
    for (const [stepIndex, wanted] of run.path.entries()) {
      expect(relativeError(path[stepIndex]!, wanted), `step ${stepIndex}`).toBeLessThan(2e-5);
    }
  });

  it.each(fixture.tables.map((table) => [table.scheduler, table.spacing, table] as const))(
    "timesteps of %s, %s",
    (className, spacing, { timesteps }) => {
      for (const [steps, wanted] of Object.entries(timesteps)) {
        const json = { _class_name: className, timestep_spacing: spacing, steps_offset: 1, skip_prk_steps: true };
        expect(schedulerOf(json, Number(steps)).timesteps).toEqual(wanted);
      }
    },
  );
});

describe("with the reference model's own files", () => {
  const cases = ["ddim", "pndm", "dpm", "dpm-karras", "euler"].flatMap((name) =>
    [10, 20, 50].map((steps) => [name, steps] as const),
  );
  it.each(cases)("%s, %i steps: timesteps and sigmas", async (name, steps) => {
    const file = await readJsonFile(referencePath("mini-tiny", "schedulers", name, "scheduler_config.json"));
    const scheduler = createScheduler(readSchedulerConfig(file), undefined, steps);
    const wanted = await referenceArray("mini-tiny", `schedule.${name}.${steps}.timesteps`);
    expect([...scheduler.timesteps]).toEqual([...wanted.data]);
    const sigma = await referenceArray("mini-tiny", `schedule.${name}.${steps}.init_noise_sigma`);
    expect(relativeError([scheduler.initNoiseSigma], sigma.data)).toBeLessThan(2e-6);
    if (scheduler.sigmas.length === 0) return;
    const sigmas = await referenceArray("mini-tiny", `schedule.${name}.${steps}.sigmas`);
    expect(relativeError(scheduler.sigmas, sigmas.data)).toBeLessThan(2e-5);
  });
});

describe("a step", () => {
  const dpm = { _class_name: "DPMSolverMultistepScheduler", beta_schedule: "scaled_linear", solver_order: 3 };
  const pndm = { _class_name: "PNDMScheduler", beta_schedule: "scaled_linear", skip_prk_steps: true };

  it.each([
    [dpm, 3],
    [pndm, 4],
  ])("leaves its arguments alone and can be repeated from a stored state: %j", (config, kept) => {
    const scheduler = schedulerOf(config, 20);
    let state = initialState;
    let sample: Float32Array = Float32Array.from(fixture.start);
    for (const [stepIndex, timestep] of scheduler.timesteps.entries()) {
      const stored = { state: structuredClone(state), sample: sample.slice() };
      const output = linearModel(sample, timestep);
      const next = scheduler.step(state, stepIndex, output, sample);
      expect({ state, sample }).toEqual(stored);
      expect(schedulerOf(config, 20).step(stored.state, stepIndex, output, stored.sample)).toEqual(next);
      ({ state, sample } = next);
    }
    expect(state.predictions.length).toBe(kept);
    expect(state.start).toBeUndefined();
  });

  it.each([dpm, pndm])("treats each element of a batch on its own: %j", (config) => {
    const scheduler = schedulerOf(config, 5);
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

  it.each(["ddim", "pndm", "dpm-solver++", "euler"] as const)("%s finds a constant clean sample exactly", (id) => {
    const json = { beta_schedule: "scaled_linear", skip_prk_steps: true, clip_sample: false, set_alpha_to_one: true };
    const scheduler = schedulerOf({ _class_name: "PNDMScheduler", ...json }, 10, id);
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
      const scale = scheduler.inputScales[stepIndex]!;
      const noise = sample.map(
        (value, index) => (scale * value - signal * clean[index]!) / Math.sqrt(1 - signal * signal),
      );
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

  it("gives Euler fractions of timesteps, unless the file spaces them otherwise", () => {
    expect(schedulerOf(pndm, 50, "euler").timesteps[1]).toBe(Math.fround((48 * 999) / 49));
    expect(schedulerOf({ ...pndm, timestep_spacing: "leading" }, 50, "euler").timesteps[1]).toBe(961);
  });

  it("leaves out PNDM's Runge-Kutta start for another class's file, but not against PNDM's own", async () => {
    const ddim = { ...pndm, _class_name: "DDIMScheduler", skip_prk_steps: undefined };
    expect(schedulerOf(JSON.parse(JSON.stringify(ddim)), 10, "pndm").timesteps.slice(0, 3)).toEqual([901, 801, 801]);
    const { skip_prk_steps: _, ...silent } = pndm;
    for (const json of [silent, { ...pndm, skip_prk_steps: false }]) {
      const error = await loftErrorOf(() => schedulerOf(json, 10), "model-config-unsupported");
      expect(error.what).toContain("skip_prk_steps");
    }
  });

  it("names a scheduler it cannot sample with, and the way out", async () => {
    const training = { ...pndm, _class_name: "DDPMScheduler" };
    const error = await loftErrorOf(() => schedulerOf(training, 10), "model-config-unsupported");
    expect(error.what).toContain("DDPMScheduler");
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
    ["PNDM with an offset beyond the end", { ...ddim, _class_name: "PNDMScheduler", skip_prk_steps: true }, 1000],
    ["Euler with an offset beyond the end", { ...ddim, _class_name: "EulerDiscreteScheduler" }, 1000],
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
