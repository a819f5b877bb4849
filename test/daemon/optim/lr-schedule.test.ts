/** Learning rates against diffusers' `get_scheduler` (the reference case "schedule"). */
import { expect, test } from "vitest";
import { type LrScheduleName, learningRateAt } from "../../../daemon/optim/lr-schedule.ts";
import { referenceArray } from "../../support/reference.ts";

test.each<LrScheduleName>(["cosine", "constant_with_warmup", "linear"])("%s", async (name) => {
  const { data } = await referenceArray("schedule", `lr.${name}`);
  const schedule = { name, learningRate: 1e-3, warmupSteps: 10, steps: 600 };
  for (const [step, rate] of data.entries()) expect(Math.abs(learningRateAt(schedule, step) - rate)).toBeLessThan(1e-9);
});
