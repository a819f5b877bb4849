/** Every method from photos to dataset in one process: train, sample, stop and go on, replay, sheet, export. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { replayAction } from "../../daemon/cli/actions.ts";
import type { MethodName } from "../../daemon/config/preset.ts";
import { readPngText } from "../../daemon/data/png-text.ts";
import { drawSheet } from "../../daemon/jobs/draw-sheet.ts";
import { exportRun } from "../../daemon/jobs/export-run.ts";
import { type PreparedJob, prepareJob } from "../../daemon/jobs/prepare-job.ts";
import type { RunEvent } from "../../schemas/run-event.ts";
import { loftErrorOf } from "../support/loft-error.ts";
import { runBytes } from "../support/run-bytes.ts";
import { modelsFolder, prepareTinyRun, runPrepared } from "../support/run-in-process.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { makeTinyRun, type TinyRun, tinyModelFolder } from "../support/tiny-run.ts";

const captions = "[cat]\na {class} asleep\na {class} in the rain\n[dog]\na running {class}\n";

/** Two classes, three photos and one; few steps. */
async function methodRun(method: MethodName): Promise<TinyRun> {
  const training = method.endsWith("-prompt")
    ? { steps: undefined, warmupSteps: undefined, batchSize: undefined }
    : {
        steps: 3,
        warmupSteps: 0,
        batchSize: 2,
        ...(method === "loft" ? {} : { examplesPerStep: 2, steps: undefined, epochs: 2 }),
      };
  const run = await makeTinyRun(await temporaryFolder(), {
    config: {
      method,
      training,
      sampling: { imagesPerClass: 2, steps: 2 },
      prompt: method === "caption-prompt" ? { captions: "captions.txt" } : { negative: "blue" },
    },
  });
  await writeFile(join(run.folder, "captions.txt"), captions);
  return run;
}

/** Adapters, and photos of each, in the plan. */
const expected: Readonly<
  Record<MethodName, { readonly folders: readonly string[]; readonly photos: readonly number[] }>
> = {
  loft: { folders: ["cat", "cat", "cat", "dog"], photos: [1, 1, 1, 1] },
  "datadream-class": { folders: ["cat", "dog"], photos: [3, 1] },
  "datadream-dataset": { folders: ["_all"], photos: [4] },
  "class-prompt": { folders: [], photos: [] },
  "caption-prompt": { folders: [], photos: [] },
};

describe.each(Object.keys(expected) as MethodName[])("%s", (method) => {
  test("trains, samples, goes on, replays, and is described", { timeout: 240_000 }, async () => {
    const run = await methodRun(method);
    const prepared = await prepareTinyRun(run);
    const { folders, photos } = expected[method];
    expect(prepared.plan.adapters.map(({ classFolder }) => classFolder)).toEqual(folders);
    expect(prepared.plan.adapters.map(({ examples }) => examples.length)).toEqual(photos);

    const result = await runPrepared(prepared);
    expect(result).toMatchObject({ adapters: folders.length, images: 4 });
    const bytes = await runBytes(run.root);
    expect(await runPrepared(await prepareTinyRun(run))).toMatchObject({ adapters: 0, images: 0 });
    expect(await runBytes(run.root)).toEqual(bytes);

    await rm(join(run.root, "data", "train", "cat", "000002.png"));
    expect(await runPrepared(await prepareTinyRun(run))).toMatchObject({ adapters: 0, images: 1 });
    expect(await runBytes(run.root)).toEqual(bytes);

    const stopped = join(run.folder, "stopped");
    await runWithStops(prepared, stopped);
    expect(await runBytes(stopped)).toEqual(bytes);

    const image = join(run.root, "data", "train", "cat", "000002.png");
    expect((await replay(run, image)).json).toMatchObject({ same: true, differingValues: 0 });
    expect((await drawSheet(run.root, 8)).length).toBeGreaterThan(1000);
    await checkDescription(run, prepared);
    await checkExports(run, folders.length);
  });
});

test("an adapter of all classes is needed for each of them", { timeout: 240_000 }, async () => {
  const { folder, config } = await methodRun("datadream-dataset");
  const { plan, wholePlan } = await prepareJob({
    configFile: join(folder, config),
    modelsFolder,
    onlyClasses: ["dog"],
  });
  expect(plan.adapters).toEqual(wholePlan.adapters);
  expect(new Set(plan.images.map(({ className }) => className))).toEqual(new Set(["dog"]));
});

test("a photo that cannot be used fails the adapter of its class and no other", { timeout: 240_000 }, async () => {
  const run = await methodRun("datadream-class");
  const prepared = await prepareTinyRun(run);
  await rm(join(run.photos, "cat", "1.png"));
  const { failures, adapters, images } = await runPrepared(prepared, { keepGoing: true });
  expect({ adapters, images }).toEqual({ adapters: 1, images: 2 });
  const cat = prepared.plan.adapters[0]!;
  expect(failures.get(cat.id)?.code).toBe("file-vanished");
  const [image] = prepared.plan.images;
  expect(failures.get(image!.id)?.what).toBe("Image 1 of cat needs the adapters of 3 photos, which are not trained.");
});

/** Interrupted at the first step of training and again at the first images, as often as there is something to stop. */
async function runWithStops(prepared: PreparedJob, root: string): Promise<void> {
  const stopAt = async (type: RunEvent["type"]) => {
    const stop = new AbortController();
    const emit = (event: RunEvent) => {
      if (event.type === type) stop.abort();
    };
    await loftErrorOf(() => runPrepared(prepared, { root, emit, signal: stop.signal }), "interrupted");
  };
  if (0 < prepared.plan.adapters.length) await stopAt("training-step");
  await stopAt("images-finished");
  await runPrepared(prepared, { root });
}

/** What the dataset says of its method, prompts and photos. */
async function checkDescription({ root }: TinyRun, { plan, resolution }: PreparedJob): Promise<void> {
  const { method } = resolution.config;
  const card = await readFile(join(root, "README.md"), "utf8");
  const photoCount = plan.adapters.length === 0 ? "without real photos" : "from 4 real photos";
  expect(card).toContain(`(method \`${method}\`, version`);
  expect(card).toContain(photoCount);
  const png = await readFile(join(root, "data", "train", "cat", "000001.png"));
  const record = JSON.parse(readPngText(png).get("loft")!) as { readonly prompt: string; readonly adapters: unknown[] };
  expect(record.adapters).toHaveLength(
    { loft: 2, "datadream-class": 1, "datadream-dataset": 1 }[method as string] ?? 0,
  );
  if (method === "caption-prompt") expect(["a cat asleep", "a cat in the rain"]).toContain(record.prompt);
  else expect(record.prompt).toBe("a photo of a cat");
}

async function checkExports({ root, folder }: TinyRun, adapters: number): Promise<void> {
  const signal = new AbortController().signal;
  const request = { root, dtype: "f32", signal } as const;
  expect(await exportRun({ ...request, format: "jsonl", output: join(folder, "jsonl") })).toMatchObject({ images: 4 });
  const formats = ["adapters-kohya", "adapters-peft", "adapters-diffusers"] as const;
  for (const format of formats) {
    const output = join(folder, format);
    if (adapters === 0) await loftErrorOf(() => exportRun({ ...request, format, output }), "run-damaged");
    else expect(await exportRun({ ...request, format, output })).toEqual({ adapters });
  }
}

function replay(run: TinyRun, image: string) {
  return replayAction(
    { image, model: tinyModelFolder },
    {
      workingFolder: run.folder,
      packageFolder: dirname(modelsFolder),
      signal: new AbortController().signal,
      emit: () => undefined,
    },
  );
}
