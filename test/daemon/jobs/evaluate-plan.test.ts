/** The plan of an evaluation: which classifier learns from what, and when its identity changes. */
import { describe, expect, it } from "vitest";
import { type Cell, type EvaluationInputs, planEvaluation } from "../../../daemon/jobs/evaluate-plan.ts";
import { taskGroups } from "../../../daemon/jobs/evaluate-tasks.ts";

const config: EvaluationInputs["config"] = {
  test: "test",
  validation: null,
  classifier: "clip",
  rows: ["zero-shot", "real", "synthetic", "real+synthetic"],
  methods: ["loft"],
  templates: ["{class}"],
  shots: null,
  imagesPerClass: null,
  ...{ seeds: 3, steps: 10, batchSize: 8, learningRate: 1e-4, syntheticShare: 0.5, realLossShare: 0.8 },
  ...{ minLabelProbability: null, maxPhotoCosine: null, maxImageCosine: null },
};

const picture = (name: string, label: number) => ({ name, file: `/${name}`, sha256: name, label });
const labels = [0, 1];
const photos = labels.flatMap((label) => [0, 1, 2, 3].map((index) => picture(`photo ${label} ${index}`, label)));

/** Twelve of each class. */
const imagesOf = (set: string) =>
  labels.flatMap((label) => Array.from({ length: 12 }, (_, index) => picture(`${set} ${label} ${index}`, label)));
const images = imagesOf("image");

function plan(
  changes: Partial<EvaluationInputs["config"]> = {},
  inputs: Partial<EvaluationInputs> = {},
): readonly Cell[] {
  return planEvaluation({
    label: null,
    config: { ...config, ...changes },
    runSeed: 0,
    clip: "hash",
    classifier: { classifier: "hash", prompts: ["a cat", "a dog"] },
    classes: 2,
    templates: [["a cat"], ["a dog"]],
    photos,
    sets: [{ method: "loft", images }],
    test: labels.map((label) => picture(`test ${label}`, label)),
    validation: undefined,
    ...inputs,
  });
}

const idsOf = (cells: readonly Cell[]) => cells.map(({ tasks }) => tasks.map(({ id }) => id));

describe("the cells", () => {
  it("are zero-shot once, and every other row for all shots and images", () => {
    const ids = plan({ shots: [2, 4], imagesPerClass: [1, 12] }).map(({ id }) => id);
    const rows = (shots: number) => [
      `real-s${shots}`,
      ...[1, 12].flatMap((count) => [`loft-s${shots}-n${count}`, `real+loft-s${shots}-n${count}`]),
    ];
    expect(ids).toEqual(["zero-shot", ...rows(2), ...rows(4)]);
  });

  it("are called by their classifier where there are several, and teach the same", () => {
    const [alone, named] = [plan(), plan({}, { label: "clip" })];
    expect(named.map(({ id, classifier }) => [id, classifier])).toEqual(alone.map(({ id }) => [`clip:${id}`, "clip"]));
    expect(idsOf(named)).toEqual(idsOf(alone));
  });

  it("have all photos and images unless fewer are asked for", () => {
    const [, real, synthetic, both] = plan();
    const counts = (cell: Cell) => cell.tasks.map(({ real: own, synthetic: made }) => [own.length, made.length]);
    expect(counts(real!)).toEqual([0, 1, 2].map(() => [8, 0]));
    expect(counts(synthetic!)).toEqual([0, 1, 2].map(() => [0, 24]));
    expect(counts(both!)).toEqual([0, 1, 2].map(() => [8, 24]));
  });
});

describe("a few-shot draw", () => {
  it("differs between seeds, and has the set of images that was made of it", () => {
    const draws = [0, 1, 2].map((seed) => ({ shots: 2, seed }));
    const ofDraws = draws.map((draw) => ({ method: "loft" as const, draw, images: imagesOf(`draw ${draw.seed}`) }));
    const cells = plan({ shots: [2, 4], imagesPerClass: [5] }, { sets: [{ method: "loft", images }, ...ofDraws] });
    const [real, synthetic, both] = [1, 2, 3].map((index) => cells[index]!);
    expect(new Set(real!.tasks.map((task) => task.real.map(({ name }) => name).join())).size).toBeGreaterThan(1);
    for (const [seed, task] of both!.tasks.entries()) {
      expect(task.real).toEqual(real!.tasks[seed]!.real);
      expect(task.synthetic.map(({ name }) => name)).toEqual(
        labels.flatMap((label) => [0, 1, 2, 3, 4].map((index) => `draw ${seed} ${label} ${index}`)),
      );
      expect(synthetic!.tasks[seed]!.synthetic).toEqual(task.synthetic);
    }
    // All photos are no draw.
    const whole = cells.find(({ id }) => id === "loft-s4-n5")!;
    expect(new Set(whole.tasks.flatMap((task) => task.synthetic.map(({ name }) => name.split(" ")[0])))).toEqual(
      new Set(["image"]),
    );
  });

  it("leaves rows without images out, and says why", () => {
    const leftOut = images.map((image) => ({ ...image, isLeftOut: image.label === 0 }));
    const [, real, synthetic] = plan({ shots: [1] }, { sets: [{ method: "loft", images: leftOut }] });
    expect(real!.tasks).toHaveLength(3);
    expect(synthetic!.tasks).toEqual([]);
    expect(synthetic!.missing.map(({ seed }) => seed)).toEqual([0, 1, 2]);
  });
});

describe("identities", () => {
  it("stay when seeds, rows or numbers are added", () => {
    const [zero, real, synthetic] = idsOf(plan());
    const more = plan({ seeds: 5, shots: [2, 4], imagesPerClass: [1, 12] });
    const byId = new Map(more.map((cell) => [cell.id, cell.tasks.map(({ id }) => id)]));
    expect(byId.get("zero-shot")).toEqual(zero);
    expect(byId.get("real-s4")!.slice(0, 3)).toEqual(real);
    expect(byId.get("loft-s4-n12")!.slice(0, 3)).toEqual(synthetic);
  });

  it.each<[string, Partial<EvaluationInputs["config"]>, Partial<EvaluationInputs>]>([
    ["the steps", { steps: 11 }, {}],
    ["the learning rate", { learningRate: 2e-4 }, {}],
    ["the classifier", {}, { classifier: { classifier: "other", prompts: ["a cat", "a dog"] } }],
    ["a prompt", {}, { classifier: { classifier: "hash", prompts: ["a cat", "a hound"] } }],
    ["a test picture", {}, { test: [picture("other", 0), picture("test 1", 1)] }],
    ["validation", {}, { validation: [picture("held", 0)] }],
    ["the run's seed", {}, { runSeed: 1 }],
  ])("change with %s", (_, changes, inputs) => {
    const before = new Set(idsOf(plan()).slice(1).flat());
    expect(
      idsOf(plan(changes, inputs))
        .slice(1)
        .flat()
        .filter((id) => before.has(id)),
    ).toEqual([]);
  });

  it("of rows with both kinds alone know how batch and loss are shared", () => {
    const before = plan();
    for (const change of [{ syntheticShare: 0.25 }, { realLossShare: 0.5 }]) {
      const after = idsOf(plan(change));
      const changed = before.filter(({ tasks }, index) => tasks[0]!.id !== after[index]![0]).map(({ kind }) => kind);
      expect(changed).toEqual(["real+synthetic"]);
    }
  });

  it("are in groups that added seeds leave as they are", () => {
    const groups = (seeds: number) => taskGroups(plan({ seeds })[1]!).map((group) => group.map(({ seed }) => seed));
    expect(groups(3)).toEqual([[0, 1, 2]]);
    expect(groups(5)).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
  });
});
