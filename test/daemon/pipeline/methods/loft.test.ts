/** Plans of the method `loft`: as printed tables, and what their identities do and do not depend on. */
import { describe, expect, test } from "vitest";
import { mostImages, planRun } from "../../../../daemon/pipeline/methods/methods.ts";
import type { Task } from "../../../../daemon/pipeline/plan.ts";
import { planSummary, printPlan } from "../../../../daemon/pipeline/print-plan.ts";
import { loftErrorOf } from "../../../support/loft-error.ts";
import { classFolder, type PartialConfig, planContext } from "../context.ts";

const pets = [classFolder("cat", "a b c"), classFolder("dog", "d")];
const small = { sampling: { imagesPerClass: 4 } };
const plan = (folders = pets, given: PartialConfig = small) => planRun(planContext(folders, given));
const idsOf = (tasks: readonly Task[], className?: string) =>
  tasks.filter((task) => className === undefined || task.className === className).map(({ id }) => id);

test("one adapter per photo; all pairs, then again; a single adapter alone", () => {
  // The ids are part of the table: when they change without a new pipelineVersion, finished work is lost.
  expect(printPlan(plan())).toMatchInlineSnapshot(`
    "adapter   class  photo      steps  prompt
    99da81e6  cat    cat/a.png  600    a photo of a cat
    ee543046  cat    cat/b.png  600    a photo of a cat
    876faad2  cat    cat/c.png  600    a photo of a cat
    3600e061  dog    dog/d.png  600    a photo of a dog

    image     class  index  adapters
    f58d9dca  cat    0      0.5 cat/a.png + 0.5 cat/b.png
    5065dadd  cat    1      0.5 cat/b.png + 0.5 cat/c.png
    973ca441  cat    2      0.5 cat/a.png + 0.5 cat/c.png
    f4a0009f  cat    3      0.5 cat/b.png + 0.5 cat/a.png
    65c5549c  dog    0      1 dog/d.png
    83e561fc  dog    1      1 dog/d.png
    72fcb9c2  dog    2      1 dog/d.png
    ce005984  dog    3      1 dog/d.png
    "
  `);
});

test("groups of three; a class with two photos uses both", () => {
  const given: PartialConfig = {
    fusion: { adaptersPerImage: 3, weights: { kind: "fixed", values: [0.5, 0.3, 0.2] } },
    ...small,
  };
  expect(printPlan(plan([classFolder("cat", "a b c d"), classFolder("dog", "e f")], given), 8)).toMatchInlineSnapshot(`
    "adapter   class  photo      steps  prompt
    99da81e6  cat    cat/a.png  600    a photo of a cat
    ee543046  cat    cat/b.png  600    a photo of a cat
    876faad2  cat    cat/c.png  600    a photo of a cat
    3d4e4307  cat    cat/d.png  600    a photo of a cat
    25275cb9  dog    dog/e.png  600    a photo of a dog
    7387d178  dog    dog/f.png  600    a photo of a dog

    image     class  index  adapters
    f545f630  cat    0      0.5 cat/c.png + 0.3 cat/d.png + 0.2 cat/a.png
    f97c1a38  cat    1      0.5 cat/b.png + 0.3 cat/c.png + 0.2 cat/d.png
    5944f27f  cat    2      0.5 cat/b.png + 0.3 cat/c.png + 0.2 cat/a.png
    865d484b  cat    3      0.5 cat/b.png + 0.3 cat/d.png + 0.2 cat/a.png
    67d75218  dog    0      0.625 dog/f.png + 0.375 dog/e.png
    c89c7977  dog    1      0.625 dog/e.png + 0.375 dog/f.png
    47a60a8d  dog    2      0.625 dog/f.png + 0.375 dog/e.png
    3bb12618  dog    3      0.625 dog/e.png + 0.375 dog/f.png
    "
  `);
});

test("weights drawn for each image", () => {
  const given: PartialConfig = {
    fusion: { weights: { kind: "dirichlet", alpha: 1 } },
    sampling: { imagesPerClass: 3 },
  };
  const dirichlet = plan([classFolder("cat", "a b")], given);
  expect(printPlan(dirichlet)).toMatchInlineSnapshot(`
    "adapter   class  photo      steps  prompt
    99da81e6  cat    cat/a.png  600    a photo of a cat
    ee543046  cat    cat/b.png  600    a photo of a cat

    image     class  index  adapters
    b7bdb5fe  cat    0      0.762 cat/a.png + 0.238 cat/b.png
    e368fbd4  cat    1      0.161 cat/b.png + 0.839 cat/a.png
    e11e44e9  cat    2      0.155 cat/a.png + 0.845 cat/b.png
    "
  `);
  expect(new Set(dirichlet.images.map(({ fusion }) => fusion[0]?.weight)).size).toBe(3);
  const uniform = plan([classFolder("cat", "a b")], { ...given, fusion: { weights: { kind: "uniform" } } });
  expect(uniform.images.map(({ fusion }) => fusion)).toEqual(dirichlet.images.map(({ fusion }) => fusion));
});

test("one adapter per image takes them in turn", () => {
  const given: PartialConfig = { fusion: { adaptersPerImage: 1 }, sampling: { imagesPerClass: 6 } };
  const uses = plan([classFolder("cat", "a b c")], given).images.map(({ fusion }) => fusion[0]?.adapterId);
  expect(new Set(uses.slice(0, 3)).size).toBe(3);
  expect(uses.slice(3)).toEqual(uses.slice(0, 3));
});

test("with unequal fixed weights no photo is favored", () => {
  const given: PartialConfig = {
    fusion: { weights: { kind: "fixed", values: [0.9, 0.1] } },
    sampling: { imagesPerClass: 240 },
  };
  const { images, adapters } = plan([classFolder("cat", "a b c d e f g h i j k l m n o p")], given);
  const shares = adapters.map(({ id }) =>
    images.flatMap(({ fusion }) => fusion.filter(({ adapterId }) => adapterId === id)),
  );
  for (const share of shares) expect(share.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(15, 6);
});

describe("identities", () => {
  const before = plan();
  const beforeIds = idsOf([...before.adapters, ...before.images]);
  const idsAfter = (folders: typeof pets, given: PartialConfig) => {
    const after = plan(folders, given);
    return idsOf([...after.adapters, ...after.images]);
  };

  test("are all different", () => expect(new Set(beforeIds).size).toBe(beforeIds.length));

  const unchanged: readonly (readonly [string, PartialConfig])[] = [
    ["nothing", small],
    ["training batch size", { ...small, training: { batchSize: 3 } }],
    ["sampling batch size", { sampling: { imagesPerClass: 4, batchSize: 3 } }],
    ["device", { ...small, device: { provider: "cpu", threads: 1 } }],
    ["output", { ...small, output: { folder: "elsewhere", stripMetadata: true } }],
    ["name", { ...small, name: "other" }],
    ["data folder", { ...small, data: { folder: "moved" } }],
    ["shots beyond what there is", { ...small, data: { shots: 99 } }],
    ["a value written out", { ...small, adapter: { targetModules: ["to_out.0", "to_q", "to_k", "to_v"] } }],
  ];
  test.each(unchanged)("do not depend on %s", (_, given) => expect(idsAfter(pets, given)).toEqual(beforeIds));

  const changing: readonly (readonly [string, PartialConfig])[] = [
    ["seed", { ...small, seed: 1 }],
    ["rank", { ...small, adapter: { rank: 3 } }],
    ["training steps", { ...small, training: { steps: 299 } }],
    ["resolution", { ...small, training: { resolution: 72 } }],
    ["template", { ...small, prompt: { template: "a {class}" } }],
    ["class names", { ...small, data: { classNames: { cat: "tabby", dog: "terrier" } } }],
  ];
  test.each(changing)("depend on %s", (_, given) => {
    const after = idsAfter(pets, given);
    expect(after).toHaveLength(beforeIds.length);
    expect(after.filter((id) => beforeIds.includes(id))).toEqual([]);
  });

  const sampling: readonly (readonly [string, PartialConfig])[] = [
    ["guidance", { sampling: { imagesPerClass: 4, guidanceScale: 3 } }],
    ["scheduler", { sampling: { imagesPerClass: 4, scheduler: "dpm-solver++" } }],
    ["negative prompt", { ...small, prompt: { negative: "text" } }],
  ];
  test.each(sampling)("of images depend on %s, of adapters not", (_, given) => {
    const after = plan(pets, given);
    expect(idsOf(after.adapters)).toEqual(idsOf(before.adapters));
    expect(idsOf(after.images).filter((id) => idsOf(before.images).includes(id))).toEqual([]);
  });

  test("of adapters and images stay when more images are asked for", () => {
    const after = plan(pets, { sampling: { imagesPerClass: 100 } });
    expect(idsOf(after.adapters)).toEqual(idsOf(before.adapters));
    for (const { className } of before.images) {
      expect(idsOf(after.images, className).slice(0, 4)).toEqual(idsOf(before.images, className));
    }
  });

  test("of other classes and of the photos that were there stay when a photo comes", () => {
    const after = plan([classFolder("cat", "a b c new"), classFolder("dog", "d")]);
    expect(idsOf(after.images, "dog")).toEqual(idsOf(before.images, "dog"));
    expect(idsOf(after.adapters).filter((id) => idsOf(before.adapters).includes(id))).toHaveLength(4);
    expect(idsOf(after.images, "cat")).not.toEqual(idsOf(before.images, "cat"));
  });

  test("stay when a class comes before the others", () => {
    const after = plan([classFolder("ant", "x y"), ...pets]);
    for (const className of ["cat", "dog"]) {
      expect(idsOf(after.images, className)).toEqual(idsOf(before.images, className));
    }
    expect(after.images.find(({ className }) => className === "cat")?.classIndex).toBe(1);
  });

  test("stay when photos are renamed", () => {
    const renamed = pets.map(({ folder, photos }) => ({
      folder,
      photos: photos.map(({ sha256 }, index) => ({ path: `${folder}/${9 - index}.jpg`, sha256 })),
    }));
    const after = plan(renamed);
    expect(idsOf(after.adapters).sort()).toEqual(idsOf(before.adapters).sort());
    expect(idsOf(after.images)).toEqual(idsOf(before.images));
  });

  test("of one photo in two classes differ", () => {
    const { adapters } = plan([classFolder("cat", "a"), classFolder("dog", "a")]);
    const photoOf = (index: number) => adapters[index]?.examples[0]?.photo.sha256;
    expect(photoOf(0)).toBe(photoOf(1));
    expect(adapters[0]?.id).not.toBe(adapters[1]?.id);
  });

  test("a photo given twice makes one adapter and a warning", () => {
    const photos = [...classFolder("cat", "a b").photos, { ...classFolder("cat", "a").photos[0]!, path: "cat/z.png" }];
    const { adapters, warnings } = plan([{ folder: "cat", photos }]);
    expect(adapters).toHaveLength(2);
    expect(warnings.map(({ code }) => code)).toEqual(["duplicate-photo"]);
  });
});

test("the model's own resolution counts where the configuration leaves it open", () => {
  const { adapters, images } = plan(pets, { ...small, training: { resolution: null } });
  expect([adapters[0]?.parameters.resolution, images[0]?.parameters.resolution]).toEqual([32, 32]);
});

test("the summary counts the work", () => {
  const context = planContext(pets, { ...small, training: { steps: 10, warmupSteps: 0, batchSize: 3 } });
  expect(planSummary(planRun(context), context.config)).toEqual({
    adapterCount: 4,
    adapterSteps: 40,
    trainingBatchSteps: 20,
    stopsEarly: false,
    imageCount: 8,
    unetEvaluations: 8 * 50 * 2,
    classes: [
      { className: "cat", classFolder: "cat", adapterCount: 3, adapterSteps: 30, imageCount: 4, unetEvaluations: 400 },
      { className: "dog", classFolder: "dog", adapterCount: 1, adapterSteps: 10, imageCount: 4, unetEvaluations: 400 },
    ],
  });
  const unguided = planContext(pets, { sampling: { imagesPerClass: 4, guidanceScale: 1 } });
  expect(planSummary(planRun(unguided), unguided.config).unetEvaluations).toBe(8 * 50);
});

test("more images than a run can hold are refused before they are planned", async () => {
  const { fix } = await loftErrorOf(
    () => plan(pets, { sampling: { imagesPerClass: mostImages / 2 + 1 } }),
    "config-invalid",
  );
  expect(fix).toContain("at most 1000000,");
});

test("the numbers of the paper's EuroSAT run come out", () => {
  const photos = Array.from({ length: 16 }, (_, index) => String(index)).join(" ");
  const folders = Array.from({ length: 10 }, (_, index) => {
    const { folder, photos: own } = classFolder(`class${index}`, photos);
    return { folder, photos: own.map(({ path, sha256 }) => ({ path, sha256: `${index}${sha256}` })) };
  });
  const context = planContext(folders, { preset: "paper", model: "stable-diffusion-2-1-base" });
  const { classes, ...summary } = planSummary(planRun(context), context.config);
  expect(summary).toEqual({
    adapterCount: 160,
    adapterSteps: 96_000,
    trainingBatchSteps: 96_000,
    stopsEarly: false,
    imageCount: 5000,
    unetEvaluations: 500_000,
  });
  expect(classes).toHaveLength(10);
});
