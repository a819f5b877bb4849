/** Forecasts of plans: with and without adapters, and of sizes that no machine holds. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { adapterStepsPerImage, forecast } from "../../../daemon/jobs/forecast.ts";
import { memoryDemands } from "../../../daemon/jobs/memory-forecast.ts";
import { memoryWarnings } from "../../../daemon/jobs/memory-warnings.ts";
import { type PreparedJob, prepareJob } from "../../../daemon/jobs/prepare-job.ts";
import type { AdapterTask, ImageTask } from "../../../daemon/pipeline/plan.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
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
  const { secondsPerAdapterStep, secondsPerImage, memoryBytes, memoryByPart, diskBytes } = expected;
  // Three steps with guidance: six forward passes; an adapter-step is worth two.
  expect(secondsPerImage / secondsPerAdapterStep).toBeCloseTo(3, 5);
  expect(expected.seconds).toBeCloseTo(4 * tinySteps * secondsPerAdapterStep + 6 * secondsPerImage, 5);
  expect(memoryBytes).toBe(Math.max(memoryByPart.training!, memoryByPart.sampling!));
  expect(memoryBytes).toBeGreaterThan(210e6);
  expect(memoryBytes).toBeLessThan(500e6);
  expect(diskBytes).toBeGreaterThan(0);
  expect(memoryWarnings(job)).toEqual([]);
});

test("an image is worth fewer steps where a step has several examples", () => {
  const image = { parameters: { steps: 32, guidanceScale: 2 } } as ImageTask;
  const adapter = (examplesPerStep: number) => ({ parameters: { examplesPerStep } }) as AdapterTask;
  const worth = [undefined, adapter(1), adapter(8)].map((each) => adapterStepsPerImage(image, each));
  expect(worth).toEqual([32, 32, 4]);
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
  const error = await loftErrorOf(() => forecast(job), "out-of-memory");
  expect(error.what).toContain("65536 pixels");
});
