/** What an image says of itself: enough to make it again. It stands in the image's own `loft` text chunk. Pure. */
import { loftError } from "../base/errors.ts";
import type { AdapterTask, ExtraUse, ImageParameters, ImageTask } from "../pipeline/plan.ts";
import { pipelineVersion } from "../pipeline/plan.ts";
import type { JobModel } from "./job.ts";
import { adapterFile, extraFile } from "./run-folder.ts";

/**
 * An adapter's share in an image, and the real photo behind it, or how many there are: the adapter's file lists them.
 * Paths are relative to the run folder and the data folder.
 */
export type RecordedAdapter = { readonly id: string; readonly weight: number; readonly file: string } & (
  | { readonly photo: string; readonly photoSha256: string }
  | { readonly photoCount: number }
);

export type ImageRecord = {
  readonly format: 1;
  readonly task: string;
  readonly pipelineVersion: string;
  readonly className: string;
  readonly imageIndex: number;
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly parameters: ImageParameters;
  readonly model: { readonly name: string; readonly hash: string };
  readonly adapter: { readonly targetModules: readonly string[] };
  readonly adapters: readonly RecordedAdapter[];
  /** Adapters of other origin, with their copies in the run folder; left out where there is none. */
  readonly extra?: readonly RecordedExtra[];
};

export type RecordedExtra = ExtraUse & { readonly file: string };

/** The record of an image task. */
export function imageRecord(task: ImageTask, adapters: ReadonlyMap<string, AdapterTask>, model: JobModel): ImageRecord {
  const parts = task.fusion.map(({ adapterId, weight }) => ({ adapter: adapters.get(adapterId)!, weight }));
  return {
    format: 1,
    task: task.id,
    pipelineVersion,
    className: task.className,
    imageIndex: task.imageIndex,
    prompt: task.prompt,
    negativePrompt: task.negativePrompt,
    parameters: task.parameters,
    model: { name: model.name, hash: model.hash },
    adapter: { targetModules: parts[0]?.adapter.parameters.targetModules ?? [] },
    adapters: parts.map(({ adapter, weight }) => ({
      id: adapter.id,
      weight,
      file: adapterFile(adapter.classFolder, adapter.id),
      ...recordedPhotos(adapter),
    })),
    ...(task.extra === undefined ? {} : { extra: task.extra.map((use) => ({ ...use, file: extraFile(use.sha256) })) }),
  };
}

function recordedPhotos({ examples }: AdapterTask) {
  const [first] = examples;
  if (1 < examples.length || first === undefined) return { photoCount: examples.length };
  return { photo: first.photo.path, photoSha256: first.photo.sha256 };
}

/**
 * Read a `loft` text chunk.
 * @throws LoftError "image-metadata-missing" when it is none that this version wrote
 */
export function parseImageRecord(text: string | undefined, image: string): ImageRecord {
  const record = parseJson(text);
  if (isImageRecord(record)) return record;
  throw loftError("image-metadata-missing", {
    what: `${image} carries no metadata of LoFT that this version can read.`,
    fix: "Give a PNG of a run's data folder that was made without output.stripMetadata and not edited since.",
  });
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

function isImageRecord(value: unknown): value is ImageRecord {
  if (!isObject(value) || value.format !== 1) return false;
  const { parameters, model, adapter, adapters } = value;
  const texts = [value.task, value.className, value.prompt, value.negativePrompt];
  return (
    texts.every((text) => typeof text === "string") &&
    isCount(value.imageIndex) &&
    isObject(model) &&
    typeof model.name === "string" &&
    typeof model.hash === "string" &&
    isObject(adapter) &&
    Array.isArray(adapter.targetModules) &&
    areParameters(parameters) &&
    Array.isArray(adapters) &&
    adapters.every(isRecordedAdapter) &&
    (value.extra === undefined || (Array.isArray(value.extra) && value.extra.every(isRecordedExtra)))
  );
}

function areParameters(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { steps, guidanceScale, guidanceInterval, scheduler, resolution, seed } = value;
  return (
    isCount(steps) &&
    0 < steps &&
    isCount(resolution) &&
    0 < resolution &&
    Number.isSafeInteger(seed) &&
    Number.isFinite(guidanceScale) &&
    (guidanceInterval === undefined || isInterval(guidanceInterval)) &&
    typeof scheduler === "string"
  );
}

function isInterval(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
}

function isRecordedAdapter(value: unknown): boolean {
  if (!isObject(value) || !Number.isFinite(value.weight)) return false;
  return isHash(value.id) && isInnerFile(value.file);
}

function isRecordedExtra(value: unknown): boolean {
  return isObject(value) && Number.isFinite(value.weight) && isHash(value.sha256) && isInnerFile(value.file);
}

function isHash(value: unknown): boolean {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function isInnerFile(value: unknown): boolean {
  return typeof value === "string" && !value.includes("..");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && 0 <= (value as number);
}
