/**
 * What fewer steps, another scheduler and guidance at some timesteps alone cost in quality: every image of a
 * configuration is sampled with each setting, from the same noise and the same adapters, and compared with the image
 * that very many guided DDIM steps make: by their pixels, and by CLIP's features.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { LoftError } from "../../daemon/base/errors.ts";
import { parseConfig } from "../../daemon/config/parse.ts";
import { validateConfig } from "../../daemon/config/validate.ts";
import { readPicture } from "../../daemon/data/image-file.ts";
import type { Picture } from "../../daemon/data/picture.ts";
import { createScheduler } from "../../daemon/diffusion/schedulers/schedulers.ts";
import { type ClipModel, loadClipModel } from "../../daemon/eval/clip-model.ts";
import { processPicture } from "../../daemon/eval/clip-processor.ts";
import { createImageEncoder } from "../../daemon/eval/zero-shot.ts";
import { type PreparedJob, prepareJob } from "../../daemon/jobs/prepare-job.ts";
import { imageFile, inRun } from "../../daemon/jobs/run-folder.ts";
import { runIncomplete, runJob } from "../../daemon/jobs/run-job.ts";
import { choosePreset } from "../../daemon/pipeline/presets.ts";
import type { LoftConfig } from "../../schemas/generated/loft-config.ts";
import { mean, psnr } from "./adapter-fidelity.ts";

const usage = `node test/bench/fewer-steps.mjs [CONFIG] [options]

Trains the adapters of CONFIG (default: the quick start) and samples its images with several settings.

  --images N        images of each class (default 8)
  --output FOLDER   keep the run there; adapters that it already holds are not trained again
  --json            print the figures as JSON
`;

type Sampling = Pick<NonNullable<LoftConfig["sampling"]>, "scheduler" | "steps" | "guidanceInterval">;

/** What the others are compared with. */
const exact: Sampling = { scheduler: "ddim", steps: 200 };

/** Guidance is left out where little noise is left: there it does least (docs/performance.md). */
const early = [0.3, 1] as const;

const settings: readonly Sampling[] = (
  [
    ["ddim", 50],
    ["ddim", 20],
    ["dpm-solver++", 20],
    ["dpm-solver++", 15],
    ["dpm-solver++", 10],
  ] as const
).flatMap(([scheduler, steps]) => [
  { scheduler, steps },
  { scheduler, steps, guidanceInterval: [...early] },
]);

type Row = Sampling & {
  /** Against the exact images, mean over images, dB over the 8-bit RGB values. */
  readonly psnr: number;
  /** Of CLIP's features, to those of the exact images; mean over images. */
  readonly cosine: number;
  /** Times that the U-Net is asked for an image: twice for a guided step. */
  readonly passes: number;
  /** Of the whole run without training: sessions, sampling, decoding, files. */
  readonly seconds: number;
};

type Start = { readonly root: string; readonly arguments: readonly string[]; readonly bundle: string };

/** Measure and print. @returns the exit code */
export async function main(start: Start): Promise<number> {
  const work = await mkdtemp(join(tmpdir(), "loft-bench-"));
  try {
    const options = readOptions(start);
    if (options === undefined) return 0;
    const rows = await measure({ ...options, root: start.root, work });
    process.stdout.write(options.json ? `${JSON.stringify(rows, undefined, 2)}\n` : table(rows));
    return 0;
  } catch (error) {
    if (!(error instanceof LoftError)) throw error;
    process.stderr.write(`${error.what}\n${error.fix}\n`);
    return 1;
  } finally {
    await rm(work, { recursive: true, force: true });
    await rm(start.bundle, { force: true });
  }
}

function readOptions({ root, arguments: args }: Start) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = { images: text, output: text, json: flag, help: flag };
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  if (values.help) {
    process.stdout.write(usage);
    return undefined;
  }
  return {
    config: resolve(positionals[0] ?? join(root, "examples", "quick-start", "quick-start.loft.json")),
    images: Number(values.images ?? 8),
    output: values.output === undefined ? undefined : resolve(values.output),
    json: values.json === true,
  };
}

type Request = {
  readonly config: string;
  readonly images: number;
  readonly output: string | undefined;
  readonly root: string;
  readonly work: string;
};

async function measure(request: Request): Promise<readonly Row[]> {
  const runFolder = request.output ?? join(request.work, "run");
  const first = await prepared(request, exact);
  await carryOut(first, runFolder, "adapters");
  const clip = await loadClipModel(join(request.root, "models", "loft-mini-clip"), first.model.diffusion.session);
  const wanted = await sampled(first, runFolder, clip);
  const rows = [rowOf(exact, wanted, wanted)];
  for (const each of settings) {
    const found = await sampled(await prepared(request, each), runFolder, clip);
    rows.push(rowOf(each, found, wanted));
    process.stderr.write(`${settingText(each)}: ${found.seconds.toFixed(1)} s\n`);
  }
  return rows;
}

/** The configuration with other values for sampling, its folder of photos absolute. */
async function prepared({ config: file, images, root, work }: Request, sampling: Sampling): Promise<PreparedJob> {
  const { config } = validateConfig(parseConfig(await readFile(file, "utf8")), choosePreset);
  if (config === undefined) throw new Error(`${file} is no valid configuration: ask \`loft plan\`.`);
  const configFile = join(work, "fewer-steps.loft.json");
  const changed: LoftConfig = {
    ...config,
    data: { ...config.data, folder: resolve(dirname(file), config.data.folder) },
    sampling: { ...config.sampling, imagesPerClass: images, ...sampling },
  };
  await writeFile(configFile, JSON.stringify(changed));
  return prepareJob({ configFile, modelsFolder: join(root, "models"), onlyClasses: [] });
}

async function carryOut(job: PreparedJob, root: string, part: "adapters" | "images"): Promise<number> {
  const { signal } = new AbortController();
  const run = { root, part, keepGoing: false, signal, emit: () => undefined, command: "fewer-steps" };
  const { seconds, failures } = await runJob(job, run);
  if (0 < failures.size) throw runIncomplete(failures);
  return seconds;
}

type Sampled = {
  readonly pictures: readonly Picture[];
  /** CLIP's, of length 1. */
  readonly features: readonly Float32Array[];
  readonly passes: number;
  readonly seconds: number;
};

async function sampled(job: PreparedJob, root: string, clip: ClipModel): Promise<Sampled> {
  const seconds = await carryOut(job, root, "images");
  const files = job.plan.images.map(({ classFolder, imageIndex }) => inRun(root, imageFile(classFolder, imageIndex)));
  const pictures = await Promise.all(files.map((file) => readPicture(file)));
  const encoder = await createImageEncoder(clip, 8);
  const features = await encoder.encode(pictures.map((each) => async () => processPicture(clip.processor, each)));
  await encoder.release();
  return { pictures, features, passes: passesOf(job), seconds };
}

function passesOf({ model, resolution }: PreparedJob): number {
  const { scheduler, steps, guidanceInterval } = resolution.config.sampling;
  const [from, to] = guidanceInterval ?? [0, 1];
  const { timesteps } = createScheduler(
    model.diffusion.scheduler,
    scheduler === "model" ? undefined : scheduler,
    steps,
  );
  const shares = timesteps.map((timestep) => timestep / model.diffusion.scheduler.numTrainTimesteps);
  return shares.reduce((sum, share) => sum + (from <= share && share <= to ? 2 : 1), 0);
}

function rowOf(setting: Sampling, found: Sampled, wanted: Sampled): Row {
  const cosine = (left: Float32Array, right: Float32Array) =>
    left.reduce((sum, value, index) => sum + value * right[index]!, 0);
  return {
    ...setting,
    psnr: mean(found.pictures.map((picture, index) => psnr(picture, wanted.pictures[index]!))),
    cosine: mean(found.features.map((each, index) => cosine(each, wanted.features[index]!))),
    passes: found.passes,
    seconds: found.seconds,
  };
}

function settingText({ scheduler, steps, guidanceInterval }: Sampling): string {
  return `${scheduler} ${steps}${guidanceInterval === undefined ? "" : `, guidance from ${early[0]} on`}`;
}

function table(rows: readonly Row[]): string {
  const base = rows.find(({ scheduler, steps, guidanceInterval }) => {
    return scheduler === "ddim" && steps === 50 && guidanceInterval === undefined;
  })!;
  const lines = rows.map((row) => {
    const isExact = row.steps === exact.steps;
    const likeness = isExact ? "|  |" : `${row.psnr.toFixed(1)} | ${row.cosine.toFixed(3)} |`;
    return `| ${settingText(row)} | ${likeness} ${row.passes} | ${(row.seconds / base.seconds).toFixed(2)} |`;
  });
  const head = [
    `| setting | PSNR to ${settingText(exact)}, dB | CLIP cosine | U-Net passes | time |`,
    "| --- | ---: | ---: | ---: | ---: |",
  ];
  return `${[...head, ...lines].join("\n")}\n`;
}
