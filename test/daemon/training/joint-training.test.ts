/** Adapters of U-Net and text encoder, trained with several examples a step. */
import { expect, test } from "vitest";
import type { Adapter, AdapterNetwork } from "../../../daemon/adapters/adapter-weights.ts";
import { packedSize } from "../../../daemon/adapters/packed-adapter.ts";
import type { DiffusionModel } from "../../../daemon/diffusion/diffusion-model.ts";
import type { TrainingState } from "../../../daemon/optim/training-state.ts";
import { createTrainer, type TrainerOptions, type TrainingRow } from "../../../daemon/training/trainer.ts";
import { relativeError } from "../../support/reference.ts";
import { tinyExample, tinyJointTraining, tinyModel, tinyTraining } from "../../support/tiny-model.ts";

const steps = 3;
const examplesPerStep = 2;

/** Three examples, so that steps of two end in the middle of an epoch; one of them with two crops. */
function jointRow(model: DiffusionModel, name: string): TrainingRow {
  const examples = [1, 2, 3].map((index) => tinyExample(model, `${name} ${index}`, index === 1 ? 2 : 1));
  return { stream: [name], examples };
}

type Way = { readonly options: TrainerOptions; readonly from?: TrainingState; readonly until?: number };

async function train(model: DiffusionModel, rows: readonly TrainingRow[], { options, from, until = steps }: Way) {
  const trainer = await createTrainer(model, { ...options, rows: rows.length });
  try {
    let state = from ?? trainer.start(rows);
    const losses: number[][] = [];
    while (state.step < until) {
      const result = await trainer.step(rows, state);
      ({ state } = result);
      losses.push([...result.losses]);
    }
    return { state, losses, adapters: trainer.adapters(state) };
  } finally {
    await trainer.release();
  }
}

test.each([
  ["several examples", (model: DiffusionModel) => ({ ...tinyTraining(model, 1), examplesPerStep }), false],
  [
    "several examples and the text encoder",
    (model: DiffusionModel) => tinyJointTraining(model, 1, examplesPerStep),
    true,
  ],
])("with %s a batch of adapters equals single trainings, bit by bit on the CPU", async (_, optionsOf, isJoint) => {
  const model = await tinyModel();
  const options = optionsOf(model);
  const rows = ["a", "b"].map((name) => jointRow(model, name));
  const together = await train(model, rows, { options });
  for (const [index, row] of rows.entries()) {
    const alone = await train(model, [row], { options });
    expect(together.adapters[index]).toEqual(alone.adapters[0]);
    expect(together.losses.map((losses) => losses[index])).toEqual(alone.losses.map(([loss]) => loss));
  }
  expect(together.adapters[0]).not.toEqual(together.adapters[1]);
  expect(together.adapters.map((adapter) => hasMoved(adapter, "unet"))).toEqual([true, true]);
  expect(together.adapters.map((adapter) => hasMoved(adapter, "textEncoder"))).toEqual([isJoint, isJoint]);
});

/** Whether any B of a network has left zero. */
function hasMoved(adapter: Adapter, network: AdapterNetwork): boolean {
  return adapter[network].modules.some(({ b }) => b.some((value) => value !== 0));
}

test("a row's gradient does not depend on its neighbors", async () => {
  const model = await tinyModel();
  const options = tinyJointTraining(model, 2, examplesPerStep);
  const trainer = await createTrainer(model, options);
  const size = packedSize(options.layouts);
  const [a, b, c] = ["a", "b", "c"].map((name) => jointRow(model, name)) as [TrainingRow, TrainingRow, TrainingRow];
  // B is zero at the start, so that the text encoder gets a gradient from the second step on.
  const meanGradients = async (rows: readonly TrainingRow[]) => {
    let state = trainer.start(rows);
    for (let step = 0; step < 3; step += 1) ({ state } = await trainer.step(rows, state));
    return state.firstMoment;
  };
  const [first, second] = [await meanGradients([a, b]), await meanGradients([c, a])];
  await trainer.release();
  expect(first.slice(0, size)).toEqual(second.slice(size));
  expect(first.slice(0, size)).not.toEqual(first.slice(size));
});

test("training goes on from the middle of an epoch as if it had not stopped", async () => {
  const model = await tinyModel();
  const options = tinyJointTraining(model, 1, examplesPerStep);
  const rows = ["a", "b"].map((name) => jointRow(model, name));
  const whole = await train(model, rows, { options });
  // One step is two of the three examples of the first epoch.
  const half = await train(model, rows, { options, until: 1 });
  const resumed = await train(model, rows, { options, from: structuredClone(half.state) });
  expect(resumed.state).toEqual(whole.state);
  expect(resumed.losses).toEqual(whole.losses.slice(1));
});

test("a row's loss is the mean of its examples' losses", async () => {
  const model = await tinyModel();
  const examples = [tinyExample(model, "x"), tinyExample(model, "y")] as const;
  const draws = examples.map((prompt, index) => ({
    prompt,
    latents: prompt.crops[0]!.mean,
    noise: tinyExample(model, `noise ${index}`).crops[0]!.mean,
    timestep: 100 + 300 * index,
  }));
  const losses = async (count: number, fed: typeof draws) => {
    const trainer = await createTrainer(model, { ...tinyTraining(model, 1), examplesPerStep: count });
    const { losses: found } = await trainer.stepWith(fed, trainer.start([jointRow(model, "a")]));
    await trainer.release();
    return found[0]!;
  };
  const [first, second] = [await losses(1, [draws[0]!]), await losses(1, [draws[1]!])];
  expect(await losses(2, draws)).toBeCloseTo((first + second) / 2, 5);
  expect(first).not.toBeCloseTo(second, 3);
});

test.each([
  ["the U-Net", (model: DiffusionModel) => ({ ...tinyTraining(model, 2), examplesPerStep })],
  ["U-Net and text encoder", (model: DiffusionModel) => tinyJointTraining(model, 2, examplesPerStep)],
])("a prompt encoded once for all examples trains %s as one encoded for each", async (_, optionsOf) => {
  const model = await tinyModel();
  const { promptEmbeds, tokenIds } = tinyExample(model, "prompt");
  const rows = ["a", "b"].map((name) => {
    const { stream, examples } = jointRow(model, name);
    return { stream, examples: examples.map(({ crops }) => ({ crops, promptEmbeds, tokenIds })) };
  });
  const each = await train(model, rows, { options: optionsOf(model) });
  const shared = await train(model, rows, { options: { ...optionsOf(model), sharedPrompt: true } });
  const alone = await train(model, [rows[1]!], { options: { ...optionsOf(model), sharedPrompt: true } });
  expect(relativeError(shared.losses.flat(), each.losses.flat())).toBeLessThan(1e-5);
  expect(relativeError(shared.state.firstMoment, each.state.firstMoment)).toBeLessThan(1e-3);
  expect(shared.adapters[1]).toEqual(alone.adapters[0]);
});

test("a step cut into several runs is the step of one", async () => {
  const model = await tinyModel();
  const rows = ["a", "b"].map((name) => jointRow(model, name));
  const options = tinyJointTraining(model, 2, 4);
  const whole = await train(model, rows, { options });
  const cut = await train(model, rows, { options: { ...options, examplesAtOnce: 2 } });
  const alone = await train(model, [rows[1]!], { options: { ...options, examplesAtOnce: 2 } });
  expect(relativeError(cut.losses.flat(), whole.losses.flat())).toBeLessThan(1e-5);
  expect(relativeError(cut.state.firstMoment, whole.state.firstMoment)).toBeLessThan(1e-3);
  expect(cut.adapters[1]).toEqual(alone.adapters[0]);
});

test("a step draws one of an example's crops, each of them in time", async () => {
  const model = await tinyModel();
  const [mean, std] = [(value: number) => new Float32Array(16 * 8 * 8).fill(value), new Float32Array(16 * 8 * 8)];
  const example = (values: readonly number[]) => ({
    ...tinyExample(model, "x"),
    crops: values.map((value) => ({ mean: mean(value), std })),
  });
  const options = tinyTraining(model, 1);
  const lossesOf = async (values: readonly number[]) =>
    (await train(model, [{ stream: ["crops"], examples: [example(values)] }], { options, until: 6 })).losses.flat();
  const [low, high, both] = [await lossesOf([0]), await lossesOf([9]), await lossesOf([0, 9])];
  // The first rate is zero, so that two losses are those of the start.
  const first = [0, 1].map((step) => [low[step], high[step]].indexOf(both[step]));
  expect(first).not.toContain(-1);
  expect(both).not.toEqual(low);
  expect(both).not.toEqual(high);
});
