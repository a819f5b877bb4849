/** A training stops when its loss falls no more, whatever timesteps were drawn. */
import { expect, test } from "vitest";
import { randomStream } from "../../../daemon/base/random.ts";
import { type EarlyStop, earlyStopAfter, type NoisedLoss, stopsEarly } from "../../../daemon/optim/early-stop.ts";

const options: EarlyStop = { window: 40, minImprovement: 0.1 };

/** Losses that hang on the timestep ten times as much as on the step, with noise; `fall` is the share lost in 40 steps. */
function losses(count: number, fall: number): NoisedLoss[] {
  const rng = randomStream("early stop", count, fall);
  return Array.from({ length: count }, (_, step) => {
    const timestep = rng.uniform();
    const level = Math.exp(-3 * timestep + 0.5 * timestep ** 3) * (1 - fall) ** (step / options.window);
    return { timestep, loss: level * Math.exp(0.1 * rng.normal()) };
  });
}

test.each<[string, readonly NoisedLoss[], boolean]>([
  ["the loss stays", losses(60, 0), true],
  ["the loss rises", losses(60, -0.5), true],
  ["the loss falls fast", losses(60, 0.4), false],
  ["the window reaches into the warm-up", losses(40, 0), false],
  ["it is no step at which one looks", losses(61, 0), false],
  ["a loss is not finite", [...losses(59, 0), { loss: Number.NaN, timestep: 0.5 }], false],
  ["all timesteps are the same", losses(60, 0).map(({ loss }) => ({ loss, timestep: 0.5 })), false],
])("when %s: %#", (_, history, stops) => {
  expect(stopsEarly(history, options, 10)).toBe(stops);
});

test("without a least improvement only a loss that rises stops", () => {
  const eager = { ...options, minImprovement: 0 };
  expect(stopsEarly(losses(60, 0.1), eager, 10)).toBe(false);
  expect(stopsEarly(losses(60, -0.5), eager, 10)).toBe(true);
});

test("a third of the steps is looked at, from 10 to 100", () => {
  expect([24, 90, 300, 600].map((steps) => earlyStopAfter(steps, 0.1).window)).toEqual([10, 30, 100, 100]);
});
