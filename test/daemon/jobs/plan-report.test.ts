/** What `loft plan` prints, for the smallest and the largest plans: numbers as people read them. */
import { expect, test } from "vitest";
import { type PlanReport, planText } from "../../../daemon/jobs/plan-report.ts";

function report(times: number, seconds: number, bytes: number): PlanReport {
  const count = {
    adapterCount: 4 * times,
    adapterSteps: 40 * times,
    imageCount: 6 * times,
    unetEvaluations: 60 * times,
  };
  const summary = {
    ...{ ...count, stopsEarly: false, trainingBatchSteps: 40 * times },
    classes: [{ className: "cat", classFolder: "cat", ...count }],
  };
  const forecast = {
    ...{ secondsPerAdapterStep: seconds, secondsPerImage: 10 * seconds, memoryBytes: bytes, diskBytes: 2 * bytes },
    memoryByPart: { training: bytes, sampling: bytes / 2 },
  };
  const secondsLeft = 40 * times * seconds;
  return {
    model: "m",
    provider: "cpu",
    preset: "paper",
    summary,
    adaptersDone: 0,
    imagesDone: 0,
    forecast,
    secondsLeft,
  };
}

test.each([
  {
    ...{ times: 1, seconds: 0.0004, bytes: 3e5 },
    time: "about 0 s (2,500 adapter-steps/s, 250 images/s, measured just now)",
    memory: "about 300 kB (training 300 kB, sampling 150 kB)",
    disk: "about 600 kB in run",
  },
  {
    ...{ times: 1e6, seconds: 300, bytes: 1.234e14 },
    time: "about 138,888 days 21 h (0.0033 adapter-steps/s, 0.00033 images/s, measured just now)",
    memory: "about 123,400 GB (training 123,400 GB, sampling 61,700 GB)",
    disk: "about 246,800 GB in run",
  },
])("$time", ({ times, seconds, bytes, time, memory, disk }) => {
  const lines = planText(report(times, seconds, bytes), "run").split("\n");
  const told = (name: string) => lines.find((line) => line.startsWith(name))?.slice(16);
  expect([told("time"), told("memory"), told("disk")]).toEqual([time, memory, disk]);
});
