/** A whole evaluation: its files, what a stopped one goes on with, and what it refuses. */
import { access, copyFile, cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../daemon/base/errors.ts";
import { accuracy, calibrationError, confusionMatrix, mean, perClassAccuracy } from "../../../daemon/eval/metrics.ts";
import { writeVerdict } from "../../../daemon/jobs/curation.ts";
import type { RunEvent } from "../../../schemas/run-event.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import {
  evaluateTiny,
  evaluationBytes,
  makeTinyEvaluation,
  tinyClipFolder,
  writePictures,
} from "../../support/tiny-evaluation.ts";
import { type TinyRun, tinyPhoto, writePhoto } from "../../support/tiny-run.ts";

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
    expect(await schemaErrors(await readFile(join(folder, "results.loft-results.json"), "utf8"))).toBeNull();
    const lines = await predictionLines(folder);
    expect(lines).toHaveLength((1 + 5 * 2) * 4);
    for (const { probabilities } of lines) {
      expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    }
    // Whoever has the predictions has the table.
    for (const { id, runs, confusion, perClass, calibrationError: error } of results.rows) {
      const own = lines.filter(({ row }) => row === id);
      expect(confusionMatrix(own, 2)).toEqual(confusion);
      expect(perClassAccuracy(confusionMatrix(own, 2))).toEqual(perClass);
      const bySeed = runs.map(({ seed }) => own.filter((line) => line.seed === seed));
      expect(bySeed.map(accuracy)).toEqual(runs.map((each) => each.accuracy));
      expect(mean(bySeed.map((each) => calibrationError(each)))).toBeCloseTo(error!, 12);
      expect(own.slice(0, 4).map(({ file, label }) => `${file} ${label}`)).toEqual([
        "cat/0.png 0",
        "cat/1.png 0",
        "dog/0.png 1",
        "dog/1.png 1",
      ]);
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

  it("goes on in a folder that holds only what methods made before", async () => {
    const run = await makeTinyEvaluation(await temporaryFolder(), { methods: ["class-prompt"], rows: ["synthetic"] });
    const { folder } = await evaluateTiny(run);
    const wanted = await evaluationBytes(folder);
    for (const name of await readdir(run.root))
      if (name !== "methods") await rm(join(run.root, name), { recursive: true });
    const events: RunEvent[] = [];
    await evaluateTiny(run, { emit: (event) => events.push(event) });
    expect(events.filter((event) => event.type === "evaluation" && event.event.type === "images-finished")).toEqual([]);
    expect(await evaluationBytes(folder)).toEqual(wanted);
  });

  it("draws curves over shots and images from what is made once", async () => {
    const settings = { rows: ["real", "synthetic"], methods: ["class-prompt"], shots: [1, 2], imagesPerClass: [1, 3] };
    const run = await makeTinyEvaluation(await temporaryFolder(), settings);
    const events: RunEvent[] = [];
    const { results } = await evaluateTiny(run, { emit: (event) => events.push(event) });
    const points = results.rows.map(({ id, shots, imagesPerClass, mean: height, std }) => {
      expect([typeof height, typeof std]).toEqual(["number", "number"]);
      return [id, shots, imagesPerClass];
    });
    expect(points).toEqual([
      ["real-s1", 1, null],
      ["class-prompt-s1-n1", 1, 1],
      ["class-prompt-s1-n3", 1, 3],
      ["real-s2", 2, null],
      ["class-prompt-s2-n1", 2, 1],
      ["class-prompt-s2-n3", 2, 3],
    ]);
    const told = events.map((event) => (event.type === "evaluation" ? event.event : event));
    const images = told.flatMap((event) => (event.type === "images-finished" ? event.files : []));
    expect(images).toHaveLength(6);
    // Images that owe nothing to photos teach the same at any number of shots.
    expect(told.filter(({ type }) => type === "adapter-finished")).toHaveLength(4 * 2);
    expect(results.rows[4]!.runs.map(({ task }) => task)).toEqual(results.rows[1]!.runs.map(({ task }) => task));
  });

  it("trains a network from nothing in the place of CLIP, goes on where it was stopped, and says whose rows they are", async () => {
    const settings = { classifier: "resnet", rows: ["zero-shot", "real", "real+synthetic"], learningRate: 0.1 };
    const whole = await makeTinyEvaluation(await temporaryFolder(), settings);
    const { results, folder } = await evaluateTiny(whole);
    expect(results.rows.map(({ id, runs }) => [id, runs.length])).toEqual([
      ["real-s2", 2],
      ["real+loft-s2-n3", 2],
    ]);
    expect(results.classifier).toMatchObject({ name: "resnet", learningRate: 0.1 });
    expect(results.warnings[0]!.what).toContain("no zero-shot row");
    expect(results.sets[0]).toMatchObject({ method: "loft", images: 6 });
    expect(await readFile(join(folder, "results.md"), "utf8")).toContain("Classifier resnet: 4 steps");
    const wanted = await evaluationBytes(folder);
    const stopped = await makeTinyEvaluation(await temporaryFolder(), settings);
    await stopAfter(stopped, (told) => isStepOf(told, "real+loft-s2-n3"), 2);
    await evaluateTiny(stopped);
    expect(await evaluationBytes(join(stopped.root, "evaluation"))).toEqual(wanted);
  });

  it("has the rows of each classifier of a list, of images made once, and keeps what one alone answered", async () => {
    const settings = { rows: ["zero-shot", "real", "synthetic"], learningRate: undefined };
    const run = await makeTinyEvaluation(await temporaryFolder(), { ...settings, classifier: "resnet" });
    const alone = await evaluateTiny(run);
    const several = { ...settings, classifier: [tinyClipFolder, "resnet"], learningRate: [1e-2, 0.05], steps: [2, 4] };
    const config = JSON.parse(await readFile(join(run.folder, run.config), "utf8"));
    config.evaluation = { ...config.evaluation, ...several };
    await writeFile(join(run.folder, run.config), JSON.stringify(config));
    const events: RunEvent[] = [];
    const { results, folder } = await evaluateTiny(run, { emit: (event) => events.push(event) });
    expect(results.rows.map(({ id, title, runs, reference }) => [id, title, runs.length, reference])).toEqual([
      ["clip-tiny:zero-shot", "clip-tiny: CLIP zero-shot", 1, "clip-tiny:real-s2"],
      ["clip-tiny:real-s2", "clip-tiny: Real photos only", 2, "clip-tiny:real-s2"],
      ["clip-tiny:loft-s2-n3", "clip-tiny: LoFT", 2, "clip-tiny:real-s2"],
      ["resnet:real-s2", "resnet: Real photos only", 2, "resnet:real-s2"],
      ["resnet:loft-s2-n3", "resnet: LoFT", 2, "resnet:real-s2"],
    ]);
    expect(results).toMatchObject({ reference: null, partial: false, sets: [{ method: "loft", images: 6 }] });
    expect(results.classifiers!.map(({ name, steps, learningRate }) => [name, steps, learningRate])).toEqual([
      ["clip-tiny", 2, 1e-2],
      ["resnet", 4, 0.05],
    ]);
    // No image again, and no training of the network that was trained before.
    expect(events.filter(({ type }) => type === "images-finished")).toEqual([]);
    const told = events.flatMap((event) => (event.type === "evaluation" ? [event.event] : []));
    expect(told.filter(({ type }) => type === "adapter-finished")).toHaveLength(2 * 2);
    expect(results.rows.slice(3).map(({ runs }) => runs)).toEqual(alone.results.rows.map(({ runs }) => runs));
    expect(await schemaErrors(await readFile(join(folder, "results.loft-results.json"), "utf8"))).toBeNull();
    expect((await predictionLines(folder)).at(-1)!.row).toBe("resnet:loft-s2-n3");
    const other = await evaluateTiny(run, { reference: "resnet:real-s2" });
    expect(other.results.reference).toBe("resnet:real-s2");
    expect(other.results.rows[1]!.difference).not.toBeNull();
  });

  it("makes images of the photos of each draw, of adapters that are trained once", async () => {
    const methods = ["loft", "datadream-class", "class-prompt"];
    const run = await makeTinyEvaluation(await temporaryFolder(), { rows: ["synthetic"], methods, shots: [1] });
    const events: RunEvent[] = [];
    const { results } = await evaluateTiny(run, { emit: (event) => events.push(event) });
    expect(results.rows.map(({ id, runs }) => [id, runs.map(({ syntheticPictures }) => syntheticPictures)])).toEqual(
      methods.map((method) => [`${method}-s1-n3`, [6, 6]]),
    );
    expect(results.sets.map(({ method }) => method)).toEqual(methods);
    // One adapter for each of four photos; DataDream's: two of all photos, and two of each of two draws.
    const trainedBy = (whose: string) =>
      events.filter((told) => {
        const [event, name] = told.type === "evaluation" ? [told.event, told.method] : [told, "loft"];
        return event.type === "adapter-finished" && name?.startsWith(whose);
      }).length;
    expect([trainedBy("loft"), trainedBy("datadream-class")]).toEqual([4, 2 + 2 * 2]);
    expect((await readdir(join(run.root, "methods"))).sort()).toEqual([
      "class-prompt",
      ...["datadream-class", "datadream-class-s1-seed0", "datadream-class-s1-seed1", "loft-s1-seed0", "loft-s1-seed1"],
    ]);
    const photosOf = await Promise.all(
      [0, 1].map(async (seed) => {
        const metadata = join(run.root, "methods", `loft-s1-seed${seed}`, "data/train/metadata.jsonl");
        const lines = (await readFile(metadata, "utf8")).trim().split("\n");
        return new Set(lines.map((line) => JSON.parse(line).source_photos.join()));
      }),
    );
    expect(photosOf.map(({ size }) => size)).toEqual([2, 2]);
  });

  it("tells of one seed, of rows without images and of leaks", async () => {
    const run = await makeTinyEvaluation(await temporaryFolder(), {
      rows: ["real", "synthetic"],
      seeds: 1,
      minLabelProbability: 1,
    });
    await copyFile(join(run.photos, "cat", "0.png"), join(run.folder, "test", "cat", "leak.png"));
    const { results, folder } = await evaluateTiny(run);
    expect(results.rows[0]).toMatchObject({ id: "real-s2", std: null, missing: [] });
    expect(results.rows[1]).toMatchObject({ id: "loft-s2-n3", mean: null, runs: [] });
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

type PredictionLine = {
  readonly row: string;
  readonly seed: number;
  readonly file: string;
  readonly label: number;
  readonly predicted: number;
  readonly probabilities: readonly number[];
};

/** What a results file has that its schema does not allow. */
async function schemaErrors(text: string) {
  const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
  const validate = ajv.compile(JSON.parse(await readFile(schemaFile, "utf8")));
  validate(JSON.parse(text));
  return validate.errors;
}

async function predictionLines(folder: string): Promise<readonly PredictionLine[]> {
  const text = await readFile(join(folder, "predictions.jsonl"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
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
  [
    "a copy of the test pictures for validation",
    { validation: "validation" },
    "config-invalid",
    "The test pictures are the validation pictures, copied: all 4",
    (folder) => cp(join(folder, "test"), join(folder, "validation"), { recursive: true }),
  ],
  [
    "validation pictures that are all test pictures",
    { validation: "validation" },
    "config-invalid",
    "All 2 validation pictures are among the test pictures",
    (folder) =>
      cp(join(folder, "test"), join(folder, "validation"), {
        recursive: true,
        filter: (file) => !file.endsWith("1.png"),
      }),
  ],
  ["an unknown classifier", { classifier: "loft-mini-clap" }, "model-missing", 'Did you mean "loft-mini-clip"?'],
  [
    "zero-shot of a network that knows nothing",
    { classifier: "resnet", rows: ["zero-shot"] },
    "config-invalid",
    "resnet",
  ],
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
    "a test folder without class folders",
    {},
    "data-folder-layout",
    "",
    async (folder) => {
      await rm(join(folder, "test"), { recursive: true });
      await writePhoto(join(folder, "test", "0.png"), tinyPhoto("loose"));
    },
  ],
  [
    "a class folder of the validation pictures that the photos lack",
    { validation: "validation" },
    "config-invalid",
    'evaluation.validation has a folder "dig"',
    (folder) => writePictures({ folder, config: "", photos: "", root: "" }, "validation", { cat: 1, dig: 1 }),
  ],
  [
    "another class in the test folder",
    {},
    "config-invalid",
    'a folder "dig"',
    (folder) => writePictures({ folder, config: "", photos: "", root: "" }, "test", { dig: 1 }),
  ],
];

describe("quality", { timeout: 240_000 }, () => {
  it("keeps images out of training by the rules of the configuration, tells of them, and deletes none", async () => {
    const folder = await temporaryFolder();
    const run = await makeTinyEvaluation(folder, { rows: ["synthetic"], methods: ["class-prompt"] });
    const all = await evaluateTiny(run);
    const [before] = all.results.sets;
    expect(before!.leftOut).toEqual([]);
    expect(all.results.rows[0]!.runs[0]!.syntheticPictures).toBe(6);
    // Between the images' probabilities of their own class: one of each class at least stays, one at least goes.
    const facts = await ownProbabilities(all.folder);
    const threshold = Math.min(...["cat", "dog"].map((name) => Math.max(...facts.get(name)!)));
    const gone = [...facts].map(
      ([name, values]) => [name, values.filter((value) => value < threshold).length] as const,
    );
    await setEvaluation(run, { minLabelProbability: threshold });
    const { results, folder: evaluation } = await evaluateTiny(run);
    const [rule, ...others] = results.sets[0]!.leftOut!;
    expect(others).toEqual([]);
    expect(rule).toMatchObject({ rule: "minLabelProbability", threshold, perClass: gone.map(([, count]) => count) });
    const left = gone.reduce((sum, [, count]) => sum + count, 0);
    expect(left).toBeGreaterThan(0);
    expect(rule!.files).toHaveLength(left);
    expect(results.rows[0]!.runs[0]!.syntheticPictures).toBe(6 - left);
    expect(results.rows[0]!.runs[0]!.task).not.toBe(all.results.rows[0]!.runs[0]!.task);
    for (const file of rule!.files) await access(join(run.root, "methods", "class-prompt", file));
    const text = await readFile(join(evaluation, "results.md"), "utf8");
    expect(text).toContain(`Left out of training by evaluation.minLabelProbability ${threshold}: ${left} of 6 images`);
  });

  it("keeps images out of training that the user rejected, and takes them back with the verdict", async () => {
    const run = await makeTinyEvaluation(await temporaryFolder(), { rows: ["synthetic"], methods: ["class-prompt"] });
    const all = await evaluateTiny(run);
    const root = join(run.root, "methods", "class-prompt");
    const [file] = (await readdir(join(root, "data", "train", "cat"))).map((name) => `data/train/cat/${name}`);
    await writeVerdict(root, file!, "reject");
    const { results, folder } = await evaluateTiny(run);
    expect(results.sets[0]!.leftOut).toEqual([{ rule: "rejected", threshold: null, perClass: [1, 0], files: [file] }]);
    expect(results.sets[0]!.images).toBe(6);
    const [before, after] = [all, { results }].map((each) => each.results.rows[0]!.runs[0]!);
    expect(after!.syntheticPictures).toBe(5);
    expect(after!.task).not.toBe(before!.task);
    expect(await readFile(join(folder, "results.md"), "utf8")).toContain(
      "Left out of training because you rejected them: 1 of 6 images of class-prompt (cat 1).",
    );
    await writeVerdict(root, file!, null);
    const trainings: RunEvent[] = [];
    const again = await evaluateTiny(run, {
      emit: (event) => {
        if (isStepOf(event)) trainings.push(event);
      },
    });
    expect(again.results.rows).toEqual(all.results.rows);
    expect(trainings).toEqual([]);
  });

  it("warns of a test picture that is a photo saved anew", async () => {
    const run = await makeTinyEvaluation(await temporaryFolder(), { rows: ["zero-shot"] });
    const copy = join(run.folder, "test", "cat", "again.jpg");
    await sharp(join(run.photos, "cat", "0.png"))
      .jpeg({ quality: 95 })
      .toFile(copy);
    const emitted: RunEvent[] = [];
    const { results } = await evaluateTiny(run, { emit: (event) => emitted.push(event) });
    expect(results.warnings).toHaveLength(1);
    expect(results.warnings[0]!.what).toMatch(
      /^1 picture of test is nearly in photos, too, .*cat\/0\.png and cat\/again\.jpg/,
    );
    const told = emitted.map((event) => (event.type === "evaluation" ? event.event : event));
    expect(told).toContainEqual({ type: "warning", ...results.warnings[0] });
  });
});

/** By class name, from the facts that an evaluation of one set keeps. */
async function ownProbabilities(folder: string): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  for (const name of await readdir(join(folder, "facts"))) {
    const { value } = JSON.parse(await readFile(join(folder, "facts", name), "utf8"));
    for (const [index, { ownProbability }] of (value.images ?? []).entries()) {
      const className = index < 3 ? "cat" : "dog";
      found.set(className, [...(found.get(className) ?? []), ownProbability]);
    }
  }
  return found;
}

async function setEvaluation({ folder, config }: TinyRun, values: Readonly<Record<string, unknown>>): Promise<void> {
  const file = join(folder, config);
  const before = JSON.parse(await readFile(file, "utf8"));
  await writeFile(file, JSON.stringify({ ...before, evaluation: { ...before.evaluation, ...values } }));
}

describe("bad input", () => {
  it.each<Case>(cases)("%s is told before anything is written", async (_, evaluation, code, text, change) => {
    const folder = await temporaryFolder();
    const run = await makeTinyEvaluation(folder, evaluation);
    await change?.(folder);
    const error = await loftErrorOf(() => evaluateTiny(run), code);
    expect(`${error.what} ${error.fix}`).toContain(text);
    expect(await readdir(folder)).not.toContain("runs");
  });

  it("names the rows when the reference is none, before images are made", async () => {
    const run = await makeTinyEvaluation(await temporaryFolder(), { rows: ["real", "synthetic"] });
    const error = await loftErrorOf(() => evaluateTiny(run, { reference: "lift-s2-n3" }), "usage-invalid");
    expect(error.fix).toContain('Did you mean "loft-s2-n3"?');
    expect(await readdir(run.folder)).not.toContain("runs");
  });

  it("says that evaluation.test is needed", async () => {
    const run = await makeTinyEvaluation(await temporaryFolder());
    const file = join(run.folder, run.config);
    await writeFile(file, (await readFile(file, "utf8")).replace('"test": "test",', ""));
    expect((await loftErrorOf(() => evaluateTiny(run), "config-invalid")).what).toContain("evaluation.test");
  });
});
