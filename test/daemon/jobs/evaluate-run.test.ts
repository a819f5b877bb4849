/** A whole evaluation: its files, what a stopped one goes on with, and what it refuses. */
import { copyFile, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../daemon/base/errors.ts";
import type { RunEvent } from "../../../schemas/run-event.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { evaluateTiny, evaluationBytes, makeTinyEvaluation, writePictures } from "../../support/tiny-evaluation.ts";

const schemaFile = fileURLToPath(new URL("../../../schemas/loft-results.schema.json", import.meta.url));

// Whole runs, several in a test.
describe("an evaluation", { timeout: 240_000 }, () => {
  it("fills every row of the table for two methods, and its results follow their schema", async () => {
    const run = await makeTinyEvaluation(await temporaryFolder(), { methods: ["loft", "class-prompt"] });
    const { results, folder } = await evaluateTiny(run);
    expect(results.rows.map(({ id, runs, missing }) => [id, runs.length, missing.length])).toEqual([
      ["zero-shot", 1, 0],
      ["real-s2", 2, 0],
      ["loft-s2-n3", 2, 0],
      ["real+loft-s2-n3", 2, 0],
      ["class-prompt-s2-n3", 2, 0],
      ["real+class-prompt-s2-n3", 2, 0],
    ]);
    expect(results).toMatchObject({ partial: false, reference: "real-s2", dataset: { photos: 4, test: 4 } });
    expect(results.rows[3]!.runs[0]).toMatchObject({ step: 4, realPictures: 4, syntheticPictures: 6 });
    expect(results.sets.map(({ method, images }) => [method, images])).toEqual([
      ["loft", 6],
      ["class-prompt", 6],
    ]);
    const written = JSON.parse(await readFile(join(folder, "results.loft-results.json"), "utf8"));
    const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
    const validate = ajv.compile(JSON.parse(await readFile(schemaFile, "utf8")));
    validate(written);
    expect(validate.errors).toBeNull();
    const lines = (await readFile(join(folder, "predictions.jsonl"), "utf8")).trim().split("\n");
    expect(lines).toHaveLength((1 + 5 * 2) * 4);
    for (const line of lines.map((each) => JSON.parse(each))) {
      expect(line.probabilities.reduce((sum: number, value: number) => sum + value, 0)).toBeCloseTo(1, 5);
    }
    expect((await readdir(join(run.root, "methods"))).sort()).toEqual(["class-prompt"]);
  });

  it("goes on where it was stopped, to the same bytes, and does nothing twice", async () => {
    const settings = { rows: ["zero-shot", "real", "synthetic"], validation: "validation" };
    const counts = { cat: 1, dog: 2 };
    const whole = await makeTinyEvaluation(await temporaryFolder(), settings);
    await writePictures(whole, "validation", counts);
    const { folder } = await evaluateTiny(whole);
    const wanted = await evaluationBytes(folder);
    const stopped = await makeTinyEvaluation(await temporaryFolder(), settings);
    await writePictures(stopped, "validation", counts);
    await stopAfter(stopped, ({ type }) => type === "adapter-group-started", 1);
    await stopAfter(stopped, (told) => isStepOf(told, "loft-s2-n3"), 2);
    const partial = JSON.parse(await readFile(join(stopped.root, "evaluation", "results.loft-results.json"), "utf8"));
    expect(partial.partial).toBe(true);
    expect(partial.rows.map(({ runs }: { runs: unknown[] }) => runs.length)).toEqual([1, 2, 0]);
    // A file that was damaged is made again.
    const [task] = partial.rows[1].runs;
    await writeFile(join(stopped.root, "evaluation", "tasks", `${task.task}.json`), "{");
    await evaluateTiny(stopped);
    expect(await evaluationBytes(join(stopped.root, "evaluation"))).toEqual(wanted);
    const trainings = await stopAfter(stopped, (told) => isStepOf(told), Number.POSITIVE_INFINITY);
    expect(trainings).toBe(0);
  });

  it("tells of one seed, of rows without images and of leaks", async () => {
    const run = await makeTinyEvaluation(await temporaryFolder(), {
      rows: ["real", "synthetic"],
      seeds: 1,
      shots: [1],
    });
    await copyFile(join(run.photos, "cat", "0.png"), join(run.folder, "test", "cat", "leak.png"));
    const { results, folder } = await evaluateTiny(run);
    expect(results.rows[0]).toMatchObject({ id: "real-s1", std: null, missing: [] });
    // Each image is made of both photos of its class, and a seed draws one.
    expect(results.rows[1]).toMatchObject({ id: "loft-s1-n3", mean: null, runs: [] });
    expect(results.warnings[0]!.what).toContain("cat/0.png and cat/leak.png");
    const text = await readFile(join(folder, "results.md"), "utf8");
    expect(text).toContain("**Partial: runs are missing.**");
    expect(text).toContain("A row of one run has no standard deviation");
  });
});

/** A step of classifiers, or of adapters for a row's images. */
function isStepOf(told: RunEvent, group?: string): boolean {
  const event = told.type === "evaluation" ? told.event : told;
  return event.type === "training-step" && (group === undefined || event.group === group);
}

/** Abort at the `count`-th event that fits; returns how many there were. */
async function stopAfter(
  run: Parameters<typeof evaluateTiny>[0],
  fits: (event: RunEvent) => boolean,
  count: number,
): Promise<number> {
  const controller = new AbortController();
  let seen = 0;
  const emit = (event: RunEvent) => {
    if (fits(event)) seen += 1;
    if (seen === count) controller.abort();
  };
  const ended = evaluateTiny(run, { signal: controller.signal, emit });
  if (count === Number.POSITIVE_INFINITY) await ended;
  else await loftErrorOf(() => ended, "interrupted");
  return seen;
}

type Case = [
  name: string,
  evaluation: Readonly<Record<string, unknown>>,
  code: ErrorCode,
  text: string,
  change?: (folder: string) => Promise<unknown>,
];

const cases: readonly Case[] = [
  ["no test folder", { test: "nowhere" }, "data-folder-missing", "nowhere"],
  ["a test folder that is the photos", { test: "photos" }, "config-invalid", "data.folder and evaluation.test"],
  ["validation on the test pictures", { validation: "./test/" }, "config-invalid", "evaluation.validation"],
  ["an unknown classifier", { classifier: "loft-mini-clap" }, "model-missing", 'Did you mean "loft-mini-clip"?'],
  ["a classifier that makes images", { classifier: "loft-mini" }, "model-config-unsupported", "needs a CLIP model"],
  ["more shots than photos", { shots: [1, 3] }, "config-invalid", "evaluation.shots has 3"],
  ["more images than the run makes", { imagesPerClass: [4] }, "config-invalid", "evaluation.imagesPerClass has 4"],
  ["captions that are missing", { methods: ["caption-prompt"] }, "config-invalid", "prompt.captions"],
  [
    "a class without test pictures",
    {},
    "data-folder-empty",
    'no usable picture of "dog"',
    (folder) => rm(join(folder, "test", "dog"), { recursive: true }),
  ],
  [
    "another class in the test folder",
    {},
    "config-invalid",
    'a folder "dig"',
    (folder) => writePictures({ folder, config: "", photos: "", root: "" }, "test", { dig: 1 }),
  ],
];

describe("bad input", () => {
  it.each<Case>(cases)("%s is told before anything is written", async (_, evaluation, code, text, change) => {
    const folder = await temporaryFolder();
    const run = await makeTinyEvaluation(folder, evaluation);
    await change?.(folder);
    const error = await loftErrorOf(() => evaluateTiny(run), code);
    expect(`${error.what} ${error.fix}`).toContain(text);
    expect(await readdir(folder)).not.toContain("runs");
  });

  it("names the rows when the reference is none", async () => {
    const run = await makeTinyEvaluation(await temporaryFolder(), { rows: ["zero-shot", "real"] });
    const error = await loftErrorOf(() => evaluateTiny(run, { reference: "reel-s2" }), "usage-invalid");
    expect(error.fix).toContain('Did you mean "real-s2"?');
  });

  it("says that evaluation.test is needed", async () => {
    const run = await makeTinyEvaluation(await temporaryFolder());
    const file = join(run.folder, run.config);
    await writeFile(file, (await readFile(file, "utf8")).replace('"test": "test",', ""));
    expect((await loftErrorOf(() => evaluateTiny(run), "config-invalid")).what).toContain("evaluation.test");
  });
});
