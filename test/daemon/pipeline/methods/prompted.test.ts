/** Plans without adapters: prompts of classes and captions, and their order. */
import { expect, test } from "vitest";
import { planRun } from "../../../../daemon/pipeline/methods/methods.ts";
import { planSummary, printPlan } from "../../../../daemon/pipeline/print-plan.ts";
import { classFolder, type PartialConfig, planContext } from "../context.ts";

const pets = [classFolder("cat", "a b c"), classFolder("dog", "d")];
const captions = new Map([
  ["cat", ["a {class} asleep", "a {domain}photo of a {class}", "a kitten"]],
  ["dog", ["a running {class}"]],
]);
const plan = (given: PartialConfig, of = captions) => planRun(planContext(pets, given, of));

test("class prompts", () => {
  const given: PartialConfig = { method: "class-prompt", sampling: { imagesPerClass: 2 }, prompt: { domain: "pet" } };
  expect(printPlan(plan(given))).toMatchInlineSnapshot(`
    "image     class  index  prompt
    b81ceb19  cat    0      a pet photo of a cat
    12a09aa0  cat    1      a pet photo of a cat
    d1007a41  dog    0      a pet photo of a dog
    c7fac6dc  dog    1      a pet photo of a dog
    "
  `);
});

test("captions in a shuffled cycle, each round in another order", () => {
  const given: PartialConfig = { method: "caption-prompt", sampling: { imagesPerClass: 9 }, prompt: { domain: "pet" } };
  expect(printPlan(plan(given), 11)).toMatchInlineSnapshot(`
    "image     class  index  prompt
    b81ceb19  cat    0      a pet photo of a cat
    4e3d98a0  cat    1      a kitten
    e80f22b8  cat    2      a cat asleep
    923e1539  cat    3      a pet photo of a cat
    2759c74d  cat    4      a cat asleep
    4f78ce8e  cat    5      a kitten
    31f5b2e0  cat    6      a pet photo of a cat
    dea24381  cat    7      a cat asleep
    8952f428  cat    8      a kitten
    1a476a87  dog    0      a running dog
    b9041d4c  dog    1      a running dog
    ... and 7 more images
    "
  `);
  const prompts = plan(given)
    .images.slice(0, 9)
    .map(({ prompt }) => prompt);
  const rounds = [0, 3, 6].map((start) => prompts.slice(start, start + 3));
  for (const round of rounds) expect(new Set(round).size).toBe(3);
  expect(new Set(rounds.map((round) => round.join())).size).toBeGreaterThan(1);
});

test("more images keep the first ones; another seed has another order", () => {
  const ids = (imagesPerClass: number, seed = 0) =>
    plan({ method: "caption-prompt", seed, sampling: { imagesPerClass } })
      .images.filter(({ className }) => className === "cat")
      .map(({ id }) => id);
  expect(ids(7).slice(0, 5)).toEqual(ids(5));
  expect(ids(5, 1)).not.toEqual(ids(5));
});

test("an image is the same whichever way its prompt came about", () => {
  const same = new Map([
    ["cat", ["a photo of a {class}"]],
    ["dog", ["a {domain}photo of a {class}"]],
  ]);
  const sampling = { imagesPerClass: 3 };
  const caption = plan({ method: "caption-prompt", sampling }, same).images.map(({ id }) => id);
  expect(caption).toEqual(plan({ method: "class-prompt", sampling }).images.map(({ id }) => id));
});

test("the numbers of a plan without adapters", () => {
  const context = planContext(pets, { method: "class-prompt", sampling: { imagesPerClass: 2 } });
  const { classes, ...summary } = planSummary(planRun(context), context.config);
  expect(summary).toEqual({
    adapterCount: 0,
    adapterSteps: 0,
    trainingBatchSteps: 0,
    stopsEarly: false,
    imageCount: 4,
    unetEvaluations: 400,
  });
  expect(classes.map(({ className }) => className)).toEqual(["cat", "dog"]);
});
