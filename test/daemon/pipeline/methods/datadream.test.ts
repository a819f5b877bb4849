/** Plans of DataDream: as printed tables, and what their identities do and do not depend on. */
import { describe, expect, test } from "vitest";
import { randomStream, shuffled } from "../../../../daemon/base/random.ts";
import { planRun } from "../../../../daemon/pipeline/methods/methods.ts";
import { adapterStream } from "../../../../daemon/pipeline/plan.ts";
import { planSummary, printPlan } from "../../../../daemon/pipeline/print-plan.ts";
import { classFolder, type PartialConfig, planContext } from "../context.ts";

const pets = [classFolder("cat", "a b c d e f g h i"), classFolder("dog", "j")];
const small: PartialConfig = { sampling: { imagesPerClass: 2 } };
const planOf = (method: "datadream-class" | "datadream-dataset", folders = pets, given: PartialConfig = small) =>
  planRun(planContext(folders, { ...given, method }));

test("one adapter per class; its steps follow from its photos", () => {
  expect(printPlan(planOf("datadream-class"))).toMatchInlineSnapshot(`
    "adapter   class  photo      steps  prompt
    6a19c980  cat    9 photos   400    a photo of a cat
    f573281e  dog    dog/j.png  200    a photo of a dog

    image     class  index  adapters
    377de4fc  cat    0      1 cat (9 photos)
    2ad6cf22  cat    1      1 cat (9 photos)
    4a2b05cd  dog    0      1 dog/j.png
    d1a92a2c  dog    1      1 dog/j.png
    "
  `);
});

test("one adapter for the dataset", () => {
  expect(printPlan(planOf("datadream-dataset"))).toMatchInlineSnapshot(`
    "adapter   class        photo      steps  prompt
    cafd6523  all classes  10 photos  400    2 prompts

    image     class  index  adapters
    7912a5e5  cat    0      1 all classes (10 photos)
    518c7785  cat    1      1 all classes (10 photos)
    e73c344a  dog    0      1 all classes (10 photos)
    836534c4  dog    1      1 all classes (10 photos)
    "
  `);
});

test("its folder is none that a class may have", () => {
  const folders = [classFolder("_all", "a"), classFolder("all", "b"), classFolder("all classes", "c")];
  const { adapters, images } = planOf("datadream-dataset", folders);
  expect(adapters.map(({ classFolder: folder }) => folder)).toEqual(["_all"]);
  expect(images.map(({ classFolder: folder }) => folder)).not.toContain("_all");
});

test("the numbers of a plan with two lengths of training", () => {
  const context = planContext(pets, { ...small, method: "datadream-class", training: { batchSize: 4 } });
  const { classes, ...summary } = planSummary(planRun(context), context.config);
  expect(summary).toEqual({
    adapterCount: 2,
    adapterSteps: 600,
    trainingBatchSteps: 600,
    stopsEarly: false,
    imageCount: 4,
    unetEvaluations: 400,
  });
  expect(classes.map(({ className, adapterSteps }) => [className, adapterSteps])).toEqual([
    ["cat", 400],
    ["dog", 200],
  ]);
});

test("a warm-up that epochs make too long is told with the plan", () => {
  const given: PartialConfig = { ...small, training: { epochs: 50 } };
  expect(planOf("datadream-class", pets, given).warnings).toEqual([
    {
      code: "warmup-too-long",
      what: "The warm-up of 100 steps lasts as long as the training of 100 steps of the adapter for cat: the learning rate never reaches its value.",
      fix: "Set training.warmupSteps below 100, or train longer.",
    },
  ]);
  expect(planOf("datadream-class", pets, { ...small, training: { steps: 50 } }).warnings).toEqual([]);
});

describe("identities", () => {
  const ids = (folders = pets, given: PartialConfig = small) => [
    ...planOf("datadream-class", folders, given).adapters.map(({ id }) => id),
    ...planOf("datadream-dataset", folders, given).adapters.map(({ id }) => id),
  ];
  const before = ids();

  test("are all different, and so are the random numbers", () => {
    expect(new Set(before).size).toBe(3);
    const adapters = [...planOf("datadream-class").adapters, ...planOf("datadream-dataset").adapters];
    expect(new Set(adapters.map((task) => JSON.stringify(adapterStream(task)))).size).toBe(3);
  });

  test("do not depend on the order or the names of photos", () => {
    const moved = pets.map(({ folder, photos }) => {
      const renamed = photos.map((photo, index) => ({ ...photo, path: `${folder}/${photos.length - index}.png` }));
      return { folder, photos: shuffled(renamed, randomStream("order")) };
    });
    expect(ids(moved)).toEqual(before);
  });

  const changing: readonly (readonly [string, PartialConfig])[] = [
    ["text encoder", { adapter: { textEncoder: false } }],
    ["examples per step", { training: { examplesPerStep: 4 } }],
    ["crop", { training: { crop: "center" } }],
    ["epochs", { training: { epochs: 100 } }],
    ["template", { prompt: { template: "a {class}" } }],
    ["seed", { seed: 1 }],
  ];
  test.each(changing)("depend on %s", (_, given) => {
    expect(ids(pets, { ...small, ...given }).filter((id) => before.includes(id))).toEqual([]);
  });

  test("do not depend on steps said in another unit", () => {
    const byEpochs = planOf("datadream-class", pets, { ...small, training: { epochs: 10 } }).adapters;
    const bySteps = planOf("datadream-class", pets, { ...small, training: { steps: 20 } }).adapters;
    expect(byEpochs[0]?.id).toBe(bySteps[0]?.id);
  });

  test("a class of one photo, trained as loft does, has loft's adapter", () => {
    const { adapter, training } = planContext(pets, { method: "loft" }).config;
    const asLoft = { ...small, adapter: { ...adapter, targetModules: [...adapter.targetModules] }, training };
    const [, dog] = planOf("datadream-class", pets, asLoft).adapters;
    const loft = planRun(planContext(pets, small)).adapters.at(-1);
    expect(dog?.id).toBe(loft?.id);
    expect(dog && adapterStream(dog)).toEqual(loft && adapterStream(loft));
  });
});
