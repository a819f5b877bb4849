/** Adapters trained in one batch are the adapters trained one by one. */
import { expect, test } from "vitest";
import type { Adapter } from "../../../daemon/adapters/adapter-weights.ts";
import type { DiffusionModel } from "../../../daemon/diffusion/diffusion-model.ts";
import type { TrainingState } from "../../../daemon/optim/training-state.ts";
import { createTrainer, type TrainingRow } from "../../../daemon/training/trainer.ts";
import { tinyExample, tinyModel, tinyRow, tinyTraining } from "../../support/tiny-model.ts";

const steps = 4;

async function train(model: DiffusionModel, rows: readonly TrainingRow[]): Promise<Adapter[]> {
  const trainer = await createTrainer(model, tinyTraining(model, rows.length, steps));
  try {
    let state: TrainingState = trainer.start(rows);
    while (state.step < steps) ({ state } = await trainer.step(rows, state));
    return trainer.adapters(state);
  } finally {
    await trainer.release();
  }
}

test("a batch of adapters equals single trainings, bit by bit on the CPU", async () => {
  const model = await tinyModel();
  const rows = ["a", "b", "c"].map((name) => tinyRow(model, name));
  const together = await train(model, rows);
  for (const [index, row] of rows.entries()) expect(together[index]).toEqual((await train(model, [row]))[0]);
  expect(together[0]).not.toEqual(together[1]);
});

test("a row's adapter depends neither on its place nor on its neighbors", async () => {
  const model = await tinyModel();
  const [a, b, c] = ["a", "b", "c"].map((name) => tinyRow(model, name)) as [TrainingRow, TrainingRow, TrainingRow];
  expect((await train(model, [c, a]))[1]).toEqual((await train(model, [a, b]))[0]);
});

test("training goes on from a saved state as if it had not stopped", async () => {
  const model = await tinyModel();
  const rows = [tinyRow(model, "a"), tinyRow(model, "b")];
  const trainer = await createTrainer(model, tinyTraining(model, 2, steps));
  let state = trainer.start(rows);
  for (let step = 0; step < 2; step += 1) ({ state } = await trainer.step(rows, state));
  const saved = structuredClone(state);
  await trainer.release();
  const other = await createTrainer(model, tinyTraining(model, 2, steps));
  let resumed = saved;
  while (resumed.step < steps) ({ state: resumed } = await other.step(rows, resumed));
  expect(other.adapters(resumed)).toEqual(await train(model, rows));
  await other.release();
});

test("the loss falls when one noisy picture is learned by heart", async () => {
  const model = await tinyModel();
  const options = { ...tinyTraining(model, 1, 30), maxGradNorm: 10 };
  const trainer = await createTrainer(model, options);
  const row = tinyRow(model, "a");
  const [prompt, other] = [tinyExample(model, "a"), tinyExample(model, "noise")];
  const draw = { prompt, latents: prompt.crops[0]!.mean, noise: other.crops[0]!.mean, timestep: 500 };
  let state = trainer.start([row]);
  const losses: number[] = [];
  while (state.step < 30) {
    const result = await trainer.stepWith([draw], state);
    ({ state } = result);
    losses.push(result.losses[0]!);
  }
  await trainer.release();
  expect(losses.at(-1)).toBeLessThan(losses[0]! * 0.9);
});
