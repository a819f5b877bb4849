/** A run as the daemon would tell of it, of any size, with the photos of examples/quick-start. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type {
  LossCurve,
  PhotoAdapter,
  RunProgress,
  RunSummary,
  Sample,
  SampleClass,
  Verdict,
} from "../../../schemas/protocol.ts";

export const photosFolder = fileURLToPath(new URL("../../../examples/quick-start/train/", import.meta.url));

export type FakeRun = {
  readonly summary: RunSummary;
  readonly classes: readonly SampleClass[];
  readonly samples: readonly Sample[];
};

export type FakeRunOptions = {
  readonly imagesPerClass: number;
  readonly plannedPerClass?: number;
  readonly state?: RunSummary["state"];
  /** Classes whose adapters are not trained yet. */
  readonly untrained?: readonly string[];
};

const runId = "0123456789abcdef";

export const classNames: readonly string[] = ["bird", "car", "cat", "flower", "fruit", "train"];

/** Same options, same run. */
export function fakeRun(options: FakeRunOptions): FakeRun {
  const planned = options.plannedPerClass ?? options.imagesPerClass;
  const classes = classNames.map((className): SampleClass => {
    const photos = photosOf(className, !options.untrained?.includes(className));
    return { className, folder: className, planned, samples: options.imagesPerClass, photos };
  });
  const samples = classes.flatMap((entry) =>
    Array.from({ length: options.imagesPerClass }, (_, index) => fakeSample(entry, index)),
  );
  return { summary: fakeSummary(options, classes), classes, samples };
}

export function fakeSample({ className, photos }: SampleClass, index: number): Sample {
  const first = photos[index % photos.length] as PhotoAdapter;
  const second = photos[(index * 3 + 1) % photos.length] as PhotoAdapter;
  const weight = [0.5, 0.35, 0.8, 0.65, 0.2][index % 5] as number;
  const isPair = first !== second;
  const parents = isPair ? [parent(first, weight), parent(second, 1 - weight)] : [parent(first, 1)];
  const verdict: Verdict | undefined = index % 11 === 3 ? "keep" : index % 13 === 7 ? "reject" : undefined;
  return {
    file: `data/train/${className}/${String(index + 1).padStart(6, "0")}.png`,
    className,
    index,
    prompt: `a photo of a ${className}`,
    negativePrompt: index % 2 === 0 ? "" : "blurry, low quality",
    seed: 1000 + index * 7919,
    parents,
    side: 64,
    ...(verdict === undefined ? {} : { verdict }),
  };
}

/** Falling, noisy curves, reproducible. */
export function fakeCurves(classes: readonly SampleClass[], steps = 200, repeats = 1): readonly LossCurve[] {
  return classes.flatMap(({ className, photos }) =>
    photos.flatMap(({ adapterId, photo }, number) =>
      Array.from({ length: repeats }, (_, repeat) => ({
        adapterId: repeat === 0 ? adapterId : `${adapterId}-${repeat}`,
        className,
        photo,
        points: Array.from({ length: steps }, (_, i) => ({
          step: (i + 1) * 2,
          loss: 0.1 + 0.35 * Math.exp(-i / (30 + number * 9)) + 0.03 * noise(i * 31 + number * 7 + repeat),
        })),
      })),
    ),
  );
}

function fakeSummary(options: FakeRunOptions, classes: readonly SampleClass[]): RunSummary {
  const state = options.state ?? "finished";
  const adapters = classes.reduce((sum, { photos }) => sum + photos.length, 0);
  const trained = classes.reduce((sum, { photos }) => sum + photos.filter((photo) => photo.trained).length, 0);
  const images = classes.length * (options.plannedPerClass ?? options.imagesPerClass);
  const imagesDone = classes.length * options.imagesPerClass;
  const progress: RunProgress = {
    adaptersDone: trained,
    adapters,
    imagesDone,
    images,
    stage: trained < adapters ? "training" : "sampling",
    share: (0.6 * trained) / adapters + (0.4 * imagesDone) / Math.max(1, images),
    failed: 0,
    device: "CPU, 2 cores",
    ...(state === "running" ? { secondsLeft: 190 } : {}),
  };
  const known = { run: runId, name: "quick-start", folder: "runs/quick-start", work: "generate" } as const;
  return { ...known, state, progress, sequence: 10 };
}

function photosOf(className: string, trained: boolean): readonly PhotoAdapter[] {
  return readdirSync(join(photosFolder, className))
    .sort()
    .map((photo) => ({
      adapterId: `${className}-${photo.replace(/^\d+_|\.png$/g, "")}`,
      photo,
      photoFile: `photos/${className}/${photo}`,
      trained,
    }));
}

function parent({ adapterId, photo, photoFile }: PhotoAdapter, weight: number): Sample["parents"][number] {
  return { adapterId, weight: Math.round(weight * 100) / 100, photo, photoFile };
}

function noise(seed: number): number {
  const value = Math.sin(seed * 12.9898) * 43758.5453;
  return value - Math.floor(value) - 0.5;
}
