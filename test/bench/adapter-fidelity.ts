/**
 * How faithful single adapters are: trains a configuration's adapters, samples each of them alone, and compares the
 * samples with the photos. The autoencoder's own reconstructions are the ceiling.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { LoftError } from "../../daemon/base/errors.ts";
import { parseConfig } from "../../daemon/config/parse.ts";
import { formatProblem } from "../../daemon/config/problem.ts";
import { validateConfig } from "../../daemon/config/validate.ts";
import { drawPicture, newCanvas } from "../../daemon/data/canvas.ts";
import { encodePng, readPhotoSquare, readPicture } from "../../daemon/data/image-file.ts";
import { type Picture, toRgb8, toTensor } from "../../daemon/data/picture.ts";
import type { DiffusionModel } from "../../daemon/diffusion/diffusion-model.ts";
import { createPhotoEncoder, type LatentDistribution } from "../../daemon/diffusion/encode-photos.ts";
import { decodeLatents } from "../../daemon/diffusion/vae.ts";
import { float32 } from "../../daemon/engine/graph/tensor.ts";
import { input } from "../../daemon/engine/graph/value.ts";
import { createSession } from "../../daemon/engine/runtime/session.ts";
import { type JobRequest, type PreparedJob, prepareJob } from "../../daemon/jobs/prepare-job.ts";
import { imageFile, inRun } from "../../daemon/jobs/run-folder.ts";
import { runIncomplete, runJob } from "../../daemon/jobs/run-job.ts";
import { fileWeights } from "../../daemon/nn/weights.ts";
import type { AdapterTask } from "../../daemon/pipeline/plan.ts";
import { choosePreset } from "../../daemon/pipeline/presets.ts";
import type { LoftConfig } from "../../schemas/generated/loft-config.ts";

const usage = `node test/bench/adapter-fidelity.mjs [CONFIG] [options]

Trains the adapters of CONFIG (default: the quick start), samples each alone, and compares with its photo.

  --images-per-photo N    samples of each adapter (default 2)
  --only-class NAME       only this class; may be given several times
  --set FIELD=VALUE       change the configuration, e.g. --set training.steps=200; may be given several times
  --output FOLDER         keep the run there; adapters that it already holds are not trained again
  --grid FILE             write a picture: per row photos, their reconstructions, and samples below each other
  --json                  print the figures as JSON
`;

type Options = {
  readonly config: string;
  readonly imagesPerPhoto: number;
  readonly onlyClasses: readonly string[];
  readonly changes: readonly string[];
  readonly output: string | undefined;
  readonly grid: string | undefined;
  readonly json: boolean;
};

/** A photo with everything that stands for it. */
type Subject = {
  readonly adapter: AdapterTask;
  readonly photo: Picture;
  readonly reconstruction: Picture;
  readonly samples: readonly Picture[];
};

/** A photo of the dataset that samples are compared with, also of classes that are not measured. */
type Reference = { readonly className: string; readonly sha256: string; readonly picture: Picture };

/** PSNR in dB over the 8-bit RGB values; shares from 0 to 1. */
type Fidelity = {
  readonly photos: number;
  readonly samples: number;
  /** Mean over photos of the mean over their samples. */
  readonly samplePsnr: number;
  /** The same, each sample against the other photos of its class: what it would be without its adapter's pull. */
  readonly otherPhotosPsnr: number;
  readonly reconstructionPsnr: number;
  /** Samples, then reconstructions, whose nearest photo of all (least squared error) is their own. */
  readonly nearestIsOwn: number;
  readonly reconstructionNearestIsOwn: number;
};

type Report = Fidelity & {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly trainingSeconds: number;
  readonly samplingSeconds: number;
  readonly classes: Readonly<Record<string, Fidelity>>;
};

/** Measure and print. @returns the exit code */
export async function main(start: {
  readonly root: string;
  readonly arguments: readonly string[];
  /** This program's own file, removed at the end. */
  readonly bundle: string;
}): Promise<number> {
  const work = await mkdtemp(join(tmpdir(), "loft-bench-"));
  try {
    const options = readOptions(start);
    if (options === undefined) return 0;
    const report = await measure(options, { ...start, work });
    process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : table(report));
    return 0;
  } catch (error) {
    if (!(error instanceof LoftError) && !(error instanceof UsageError)) throw error;
    process.stderr.write(`${error instanceof LoftError ? `${error.what}\n${error.fix}` : error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  } finally {
    await rm(work, { recursive: true, force: true });
    await rm(start.bundle, { force: true });
  }
}

class UsageError extends Error {}

function readOptions({ root, arguments: args }: { root: string; arguments: readonly string[] }): Options | undefined {
  const text = { type: "string" } as const;
  const list = { type: "string", multiple: true } as const;
  const flag = { type: "boolean" } as const;
  const { values, positionals } = parsed(() =>
    parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...{
          "images-per-photo": text,
          "only-class": list,
          set: list,
          output: text,
          grid: text,
          json: flag,
          help: flag,
        },
      },
    }),
  );
  if (values.help) {
    process.stdout.write(usage);
    return undefined;
  }
  const imagesPerPhoto = Number(values["images-per-photo"] ?? 2);
  if (!Number.isInteger(imagesPerPhoto) || imagesPerPhoto < 1)
    throw new UsageError("--images-per-photo takes 1 or more.");
  return {
    config: resolve(positionals[0] ?? join(root, "examples", "quick-start", "quick-start.loft.json")),
    imagesPerPhoto,
    onlyClasses: values["only-class"] ?? [],
    changes: values.set ?? [],
    output: values.output === undefined ? undefined : resolve(values.output),
    grid: values.grid === undefined ? undefined : resolve(values.grid),
    json: values.json === true,
  };
}

function parsed<Result>(parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${usage}`);
  }
}

type Places = { readonly root: string; readonly work: string };

async function measure(options: Options, { root, work }: Places): Promise<Report> {
  const configFile = join(work, "fidelity.loft.json");
  const { signal } = new AbortController();
  const run = { modelsFolder: join(root, "models"), onlyClasses: options.onlyClasses, signal };
  const { config, photos } = await singleAdapterConfig(options, { ...run, configFile });
  await writeFile(configFile, JSON.stringify(config));
  const prepared = await prepareJob({ ...run, configFile });
  process.stderr.write(`${photos} photos at most in a class, ${prepared.plan.images.length} samples\n`);
  const runFolder = options.output ?? join(work, "run");
  const seconds = await carryOut(prepared, runFolder);
  const references = await readReferences(prepared);
  const subjects = await readSubjects(prepared, runFolder, references);
  if (options.grid !== undefined) await writeGrid(options.grid, subjects);
  const { adapter, training, sampling } = prepared.resolution.config;
  return {
    ...fidelity(subjects, references),
    settings: { adapter, training, sampling },
    ...seconds,
    classes: perClass(subjects, references),
  };
}

/** The configuration with the changes, its paths absolute, one adapter an image, and the wanted number of images. */
async function singleAdapterConfig(
  { config: file, imagesPerPhoto, changes }: Options,
  run: JobRequest,
): Promise<{ readonly config: LoftConfig; readonly photos: number }> {
  const { config, problems } = validateConfig(
    parseConfig(await readFile(file, "utf8").catch(unreadable)),
    choosePreset,
  );
  if (config === undefined)
    throw new UsageError(problems.map((each) => formatProblem(basename(file), each)).join("\n"));
  const base = dirname(file);
  const isPath = config.model !== undefined && /[\\/]/.test(config.model);
  const single = changes.reduce(changed, {
    ...config,
    ...(isPath ? { model: resolve(base, config.model as string) } : {}),
    data: { ...config.data, folder: resolve(base, config.data.folder) },
    fusion: { adaptersPerImage: 1 },
    sampling: { ...config.sampling, imagesPerClass: 1 },
  });
  await writeFile(run.configFile, JSON.stringify(single));
  const { dataset } = await prepareJob(run);
  const photos = Math.max(...dataset.classes.map((each) => each.photos.length));
  return { config: { ...single, sampling: { ...single.sampling, imagesPerClass: photos * imagesPerPhoto } }, photos };
}

function unreadable(cause: NodeJS.ErrnoException): never {
  throw new UsageError(`The configuration cannot be read: ${cause.message}`);
}

/** `config` with one "group.field=value"; values are JSON, or text. */
function changed(config: LoftConfig, change: string): LoftConfig {
  const [, group, field, text] = /^(\w+)\.(\w+)=(.+)$/.exec(change) ?? [];
  if (group === undefined || field === undefined || text === undefined) {
    throw new UsageError(`--set takes group.field=value, not ${change}`);
  }
  const former = (config as unknown as Record<string, object | undefined>)[group];
  return { ...config, [group]: { ...former, [field]: jsonOrText(text) } };
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Train and sample what the run folder lacks. */
async function carryOut(
  prepared: PreparedJob,
  root: string,
): Promise<Pick<Report, "trainingSeconds" | "samplingSeconds">> {
  const half = async (part: "adapters" | "images") => {
    const signal = new AbortController().signal;
    const run = { root, part, keepGoing: false, signal, emit: () => undefined, command: "adapter-fidelity" };
    const { seconds, failures } = await runJob(prepared, run);
    if (0 < failures.size) throw runIncomplete(failures);
    return seconds;
  };
  const trainingSeconds = await half("adapters");
  process.stderr.write(`adapters: ${trainingSeconds.toFixed(0)} s\n`);
  return { trainingSeconds, samplingSeconds: await half("images") };
}

async function readReferences({ dataset, dataFolder, plan }: PreparedJob): Promise<Reference[]> {
  const { resolution } = plan.adapters[0]!.parameters;
  const photos = dataset.classes.flatMap((each) =>
    each.photos.map((photo) => ({ className: each.className, ...photo })),
  );
  return Promise.all(
    photos.map(async ({ className, path, sha256 }) => {
      const picture = await readPhotoSquare(join(dataFolder, ...path.split("/")), resolution);
      return { className, sha256, picture };
    }),
  );
}

async function readSubjects(
  { plan, model }: PreparedJob,
  root: string,
  references: readonly Reference[],
): Promise<Subject[]> {
  const photos = plan.adapters.map((adapter) => references.find((reference) => isOwn(adapter, reference))!.picture);
  const reconstructions = await reconstruct(model.diffusion, photos);
  const samplesOf = (adapter: AdapterTask) =>
    plan.images
      .filter(({ fusion }) => fusion[0]?.adapterId === adapter.id)
      .map(({ classFolder, imageIndex }) => readPicture(inRun(root, imageFile(classFolder, imageIndex))));
  return Promise.all(
    plan.adapters.map(async (adapter, index) => ({
      adapter,
      photo: photos[index]!,
      reconstruction: reconstructions[index]!,
      samples: await Promise.all(samplesOf(adapter)),
    })),
  );
}

function isOwn({ examples, className }: AdapterTask, reference: Reference): boolean {
  return examples[0]!.photo.sha256 === reference.sha256 && className === reference.className;
}

/** What is left of pictures after the autoencoder: the mean of their latents, decoded. */
async function reconstruct(model: DiffusionModel, pictures: readonly Picture[]): Promise<Picture[]> {
  const side = pictures[0]!.width;
  const encoder = await createPhotoEncoder(model, side);
  const distributions: LatentDistribution[] = [];
  for (const picture of pictures) distributions.push(await encoder.encode(toTensor(picture).values));
  await encoder.release();
  const channels = model.vae.config.latentChannels;
  const latentSide = Math.sqrt(distributions[0]!.mean.length / channels);
  const shape = [1, channels, latentSide, latentSide];
  const picture = decodeLatents(fileWeights(model.vae.file), model.vae.config, input("latents", shape));
  const session = await createSession({ picture }, model.session);
  const results: Picture[] = [];
  for (const { mean } of distributions) {
    const decoded = await session.run({ latents: float32(mean, shape) });
    results.push(toRgb8({ width: side, height: side, values: decoded.picture!.data as Float32Array }));
  }
  await session.release();
  return results;
}

function perClass(subjects: readonly Subject[], references: readonly Reference[]): Record<string, Fidelity> {
  const names = [...new Set(subjects.map(({ adapter }) => adapter.className))];
  const ofClass = (name: string) => subjects.filter(({ adapter }) => adapter.className === name);
  return Object.fromEntries(names.map((name) => [name, fidelity(ofClass(name), references)]));
}

function fidelity(subjects: readonly Subject[], references: readonly Reference[]): Fidelity {
  const findsOwn = ({ adapter }: Subject, picture: Picture) => Number(isOwn(adapter, nearest(picture, references)));
  return {
    photos: subjects.length,
    samples: subjects.reduce((sum, { samples }) => sum + samples.length, 0),
    samplePsnr: mean(subjects.map(({ photo, samples }) => mean(samples.map((sample) => psnr(sample, photo))))),
    otherPhotosPsnr: mean(
      subjects.flatMap(({ adapter, samples }) =>
        othersOfClass(adapter, references).flatMap(({ picture }) => samples.map((sample) => psnr(sample, picture))),
      ),
    ),
    reconstructionPsnr: mean(subjects.map(({ photo, reconstruction }) => psnr(reconstruction, photo))),
    nearestIsOwn: mean(subjects.flatMap((subject) => subject.samples.map((sample) => findsOwn(subject, sample)))),
    reconstructionNearestIsOwn: mean(subjects.map((subject) => findsOwn(subject, subject.reconstruction))),
  };
}

function othersOfClass(adapter: AdapterTask, references: readonly Reference[]): readonly Reference[] {
  return references.filter((reference) => reference.className === adapter.className && !isOwn(adapter, reference));
}

function nearest(picture: Picture, references: readonly Reference[]): Reference {
  const errors = references.map((reference) => squaredError(picture, reference.picture));
  return references[errors.indexOf(Math.min(...errors))]!;
}

/** Peak signal-to-noise ratio in dB, peak 255; equal pictures count as 99 dB. */
export function psnr(left: Picture, right: Picture): number {
  return Math.min(99, 10 * Math.log10(255 ** 2 / squaredError(left, right)));
}

/** Mean over pixels and channels. */
function squaredError(left: Picture, right: Picture): number {
  let sum = 0;
  for (const [at, value] of left.rgb.entries()) sum += (value - right.rgb[at]!) ** 2;
  return sum / left.rgb.length;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A column for each photo: the photo, its reconstruction, its samples; at most 12 columns side by side. */
async function writeGrid(file: string, subjects: readonly Subject[]): Promise<void> {
  const [columns, cell, gap] = [Math.min(12, subjects.length), 96, 4];
  const rows = 2 + Math.max(...subjects.map(({ samples }) => samples.length));
  const bandHeight = rows * (cell + gap) + 3 * gap;
  const bands = Math.ceil(subjects.length / columns);
  const canvas = newCanvas(columns * (cell + gap) + gap, bands * bandHeight, [250, 250, 248]);
  for (const [index, { photo, reconstruction, samples }] of subjects.entries()) {
    for (const [row, picture] of [photo, reconstruction, ...samples].entries()) {
      const x = gap + (index % columns) * (cell + gap);
      const y = Math.floor(index / columns) * bandHeight + gap + row * (cell + gap);
      drawPicture(canvas, picture, { x, y, width: cell, height: cell }, [214, 214, 209]);
    }
  }
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, await encodePng(canvas));
}

function table({ classes, trainingSeconds, samplingSeconds, settings, ...all }: Report): string {
  const head = ["", "photos", "samples", "own photo", "class's others", "reconstruction", "nearest is own"];
  const rows = [...Object.entries(classes), ["all", all] as const].map(([name, figures]) => [
    name,
    String(figures.photos),
    String(figures.samples),
    `${figures.samplePsnr.toFixed(2)} dB`,
    `${figures.otherPhotosPsnr.toFixed(2)} dB`,
    `${figures.reconstructionPsnr.toFixed(2)} dB`,
    `${(100 * figures.nearestIsOwn).toFixed(0)} % (${(100 * figures.reconstructionNearestIsOwn).toFixed(0)} %)`,
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells.map((text, column) => (column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!))).join("  ");
  return [
    "PSNR of single-adapter samples; in brackets the share for the autoencoder's reconstructions",
    ...[head, ...rows].map(line),
    `training ${trainingSeconds.toFixed(0)} s, sampling ${samplingSeconds.toFixed(0)} s, ${availableParallelism()} processor cores`,
    `settings ${JSON.stringify(settings)}`,
    "",
  ].join("\n");
}
