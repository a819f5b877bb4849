/** What is told when a run will not fit into memory: numbers that do fit, where there are any. */
import { expect, test } from "vitest";
import type { MemoryDemand } from "../../../daemon/jobs/memory-forecast.ts";
import { memoryWarning } from "../../../daemon/jobs/memory-warnings.ts";

/** 1 GB, and 2 GB a row at 512 pixels. */
const demand: MemoryDemand = {
  part: "training",
  rows: 16,
  resolution: 512,
  bytes: (rows, resolution) => 1e9 + rows * 2e9 * (resolution / 512) ** 2,
};

test("what fits is not told, to the byte", () => {
  expect(memoryWarning(demand, 33e9)).toBeUndefined();
  expect(memoryWarning(demand, 33e9 - 1)).toBeDefined();
});

test.each([
  [32e9, "Set training.batchSize to at most 15: about 31 GB."],
  [8e9, "Set training.batchSize to at most 3: about 7.0 GB."],
  [3e9, "Set training.batchSize to at most 1: about 3.0 GB."],
  [2.9e9, "Set training.resolution to at most 448 and training.batchSize to 1: about 2.5 GB."],
  [1.04e9, "Set training.resolution to at most 64 and training.batchSize to 1: about 1.0 GB."],
  [1e9, "Use a smaller model, or a machine with more memory."],
])("with %d bytes", (available, fix) => {
  const warning = memoryWarning(demand, available)!;
  expect(warning.fix).toBe(fix);
  expect(warning.what).toContain("Training will take about 33 GB of memory (training.batchSize 16, 512 pixels a side)");
});

test("sampling has its own batch size, and the resolution of training", () => {
  const sampling = { ...demand, part: "sampling" } as const;
  expect(memoryWarning(sampling, 8e9)!.fix).toContain("sampling.batchSize to at most 3");
  expect(memoryWarning(sampling, 2e9)!.fix).toContain("training.resolution to at most");
});
