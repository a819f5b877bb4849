/** Forecasts of plans: with and without adapters, and of sizes that no machine holds. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { forecast } from "../../../daemon/jobs/forecast.ts";
import { memoryDemands } from "../../../daemon/jobs/memory-forecast.ts";
import { memoryWarnings } from "../../../daemon/jobs/memory-warnings.ts";
import { planReport, planText } from "../../../daemon/jobs/plan-report.ts";
import { type PreparedJob, prepareJob } from "../../../daemon/jobs/prepare-job.ts";
import { adapterStepsPerImage, plannedUnits } from "../../../daemon/jobs/work-forecast.ts";
import type { AdapterTask, ImageTask } from "../../../daemon/pipeline/plan.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { makeTinyRun, type TinyConfig, tinySteps } from "../../support/tiny-run.ts";

const modelsFolder = fileURLToPath(new URL("../../../models", import.meta.url));

async function prepared(config: TinyConfig = {}): Promise<PreparedJob> {
  const run = await makeTinyRun(await temporaryFolder(), { config });
  return prepareJob({ configFile: join(run.folder, run.config), modelsFolder, onlyClasses: [] });
}

test("a plan with adapters and images", async () => {
  const job = await prepared();
  const expected = await forecast(job);
  const { secondsPerAdapterStep = 0, secondsPerImage = 0, memoryBytes, memoryByPart, diskBytes } = expected;
  expect(secondsPerImage / secondsPerAdapterStep).toBeCloseTo(adapterStepsPerImage(job)!, 5);
  expect(expected.seconds).toBeCloseTo(4 * tinySteps * secondsPerAdapterStep + 6 * secondsPerImage, 5);
  expect(memoryBytes).toBe(Math.max(memoryByPart.training!, memoryByPart.sampling!));
  expect(memoryBytes).toBeGreaterThan(210e6);
  expect(memoryBytes).toBeLessThan(500e6);
  expect(diskBytes).toBeGreaterThan(0);
  expect(memoryWarnings(job)).toEqual([]);
});

test("steps and images in forward passes: guidance, examples and decoding count", async () => {
  const job = await prepared();
  const { adapterStep, image } = plannedUnits(job);
  // A forward and a backward pass, the latter without what no adapter needs.
  expect(adapterStep).toBeGreaterThan(1.5);
  expect(adapterStep).toBeLessThan(3);
  // Three steps with guidance are six passes.
  const decoding = image - 6;
  expect(decoding).toBeGreaterThan(0);
  const changed = async (config: TinyConfig) => plannedUnits(await prepared(config));
  const eight = await changed({ training: { examplesPerStep: 8 } });
  expect(eight.adapterStep / adapterStep).toBeCloseTo(8, 0);
  const imageWith = async (sampling: object) =>
    (await changed({ sampling: { steps: 10, ...sampling } })).image - decoding;
  expect(await imageWith({})).toBeCloseTo(20, 5);
  expect(await imageWith({ guidanceScale: 1 })).toBeCloseTo(10, 5);
  expect(await imageWith({ guidanceInterval: [0.2, 0.7] })).toBeCloseTo(15, 5);
});

test("plans without adapters, without images, without either", async () => {
  const job = await prepared();
  const { plan } = job;
  const images = plan.images.map((image) => ({ ...image, fusion: [] }));
  const sampling = await forecast({ ...job, plan: { ...plan, adapters: [], images } });
  expect(sampling.secondsPerAdapterStep).toBe(0);
  expect(sampling.secondsPerImage).toBeGreaterThan(0);
  expect(Object.keys(sampling.memoryByPart)).toEqual(["sampling"]);
  const training = await forecast({ ...job, plan: { ...plan, images: [] } });
  expect(training.secondsPerImage).toBe(0);
  expect(Object.keys(training.memoryByPart)).toEqual(["training"]);
  const nothing = await forecast({ ...job, plan: { ...plan, adapters: [], images: [] } });
  expect(nothing).toMatchObject({ seconds: 0, memoryBytes: 0, memoryByPart: {} });
});

test("memory grows with batch and resolution, and the batch is no larger than the plan", async () => {
  const { rows, resolution, bytes } = memoryDemands(await prepared({ training: { batchSize: 64 } }))[0]!;
  expect([rows, resolution]).toEqual([4, 64]);
  const sizes = [bytes(1, 64), bytes(4, 64), bytes(4, 128), bytes(64, 128), bytes(64, 512)];
  expect([...sizes].sort((a, b) => a - b)).toEqual(sizes);
});

test("a size that no machine holds: a warning with one that fits, and no time for it", async () => {
  const small = await prepared();
  const enlarged = <Task extends AdapterTask | ImageTask>(task: Task): Task => ({
    ...task,
    parameters: { ...task.parameters, resolution: 2 ** 16 },
  });
  const { adapters, images } = small.plan;
  const job = { ...small, plan: { ...small.plan, adapters: adapters.map(enlarged), images: images.map(enlarged) } };
  const warnings = memoryWarnings(job, 16e9);
  expect(warnings.map(({ what }) => what.split(" ")[0])).toEqual(["Training", "Sampling"]);
  for (const { fix } of warnings) expect(fix).toMatch(/^Set training\.resolution to at most \d+ and /);
  expect(await forecast(job)).not.toHaveProperty("seconds");
  expect(planText(await planReport(job), "run")).toContain(
    "time            not measured: one picture alone needs more",
  );
});

test("pictures of which a pass would take long are measured smaller, and their work counted", async () => {
  const small = await prepared();
  const images = small.plan.images.map((task) => ({ ...task, parameters: { ...task.parameters, resolution: 256 } }));
  const job = { ...small, plan: { ...small.plan, adapters: [], images } };
  const [whole, counted] = [await forecast(job), await forecast(job, 1)];
  // Measured at 64 pixels; on a machine with other work times are rough.
  expect(counted.secondsPerImage! / whole.secondsPerImage!).toBeGreaterThan(0.1);
  expect(counted.secondsPerImage! / whole.secondsPerImage!).toBeLessThan(10);
});
