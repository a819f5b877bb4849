/** A configuration with every field filled: by the user, else by the preset, else by the schema's default. */
import type { LoftConfig, WeightsConfig } from "../../schemas/generated/loft-config.ts";
import { loftDefaults } from "../../schemas/generated/loft-defaults.ts";
import { classifierNames, type ForEach } from "./evaluation-classifiers.ts";
import { safeFolderName } from "./folder-name.ts";
import {
  type MethodName,
  type Preset,
  type PresetName,
  type PresetValues,
  presetSource,
  presetValues,
  type Sourced,
} from "./preset.ts";

export type TargetModule = "to_q" | "to_k" | "to_v" | "to_out.0";

/** How the weights of an image's adapters come about, with nothing left open. */
export type FusionWeights =
  | { readonly kind: "fixed"; readonly values: readonly number[] }
  | { readonly kind: "uniform" }
  | { readonly kind: "dirichlet"; readonly alpha: number };

/** Shares of the training timesteps, 0 to 1, between which guidance is on. */
export type GuidanceInterval = readonly [from: number, to: number];

export type RowKind = "zero-shot" | "real" | "synthetic" | "real+synthetic";

/** What `loft evaluate` compares. Null: no such folder, all photos of the run, as many images as the run makes. */
export type EvaluationConfig = {
  readonly test: string | null;
  readonly validation: string | null;
  /** One, or several that have rows of their own. */
  readonly classifier: string | readonly string[];
  readonly rows: readonly RowKind[];
  readonly methods: readonly MethodName[];
  readonly templates: readonly string[];
  readonly shots: readonly number[] | null;
  readonly imagesPerClass: readonly number[] | null;
  readonly seeds: number;
  readonly steps: ForEach<number>;
  readonly batchSize: number;
  /** Where there are both kinds: of the batch, and of the loss. */
  readonly syntheticShare: number;
  readonly realLossShare: number;
  readonly learningRate: ForEach<number>;
  /** Synthetic images stay out of training below and above these; null: none does. */
  readonly minLabelProbability: number | null;
  readonly maxPhotoCosine: number | null;
  readonly maxImageCosine: number | null;
};

/** Everything a run needs to know, as the file and its preset say it. Paths are relative to the file. */
export type ResolvedConfig = {
  readonly name: string;
  readonly model: string;
  readonly method: MethodName;
  readonly preset: PresetName;
  readonly seed: number;
  readonly data: {
    readonly folder: string;
    readonly shots: number | null;
    readonly classNames: Readonly<Record<string, string>>;
  };
  readonly prompt: {
    readonly template: string;
    readonly domain: string;
    readonly negative: string;
    readonly captions: string | null;
  };
  readonly adapter: {
    readonly rank: number;
    readonly alpha: number;
    readonly targetModules: readonly TargetModule[];
    readonly textEncoder: boolean;
  };
  /** Of steps and epochs exactly one is a number. */
  readonly training: PresetValues["training"];
  readonly fusion: {
    readonly adaptersPerImage: number;
    readonly weights: FusionWeights;
    readonly extra: readonly { readonly file: string; readonly weight: number }[];
  };
  readonly sampling: Omit<PresetValues["sampling"], "guidanceInterval"> & {
    readonly guidanceInterval: GuidanceInterval | null;
  };
  readonly output: { readonly folder: string; readonly stripMetadata: boolean };
  readonly evaluation: EvaluationConfig;
  readonly device: {
    readonly provider: NonNullable<NonNullable<LoftConfig["device"]>["provider"]>;
    readonly threads: number | null;
    readonly dedicated: boolean;
  };
};

/** Who decided a value. */
export type Origin = { readonly from: "user" | "base" | "preset" | "default"; readonly source: string };

/** The filled configuration, and for each field (`training.steps`) where its value came from. */
export type Resolution = {
  readonly config: ResolvedConfig;
  readonly origins: Readonly<Record<string, Origin>>;
};

/**
 * Fill in what the user left out.
 * @param config a configuration without errors
 * @param preset what `choosePreset(config.preset, config.model, config.method)` picked
 * @param fileName the file's name or path, e.g. `my-photos.loft.json`; names the run where the file does not
 */
export function resolveConfig(config: LoftConfig, preset: Preset, fileName: string): Resolution {
  const values = presetValues(preset);
  const name = config.name?.trim() ?? nameOf(fileName);
  const adapter = { ...values.adapter, ...config.adapter };
  const fusion = { ...values.fusion, ...config.fusion };
  const sampling = { ...values.sampling, ...config.sampling };
  const resolved: ResolvedConfig = {
    name,
    model: config.model ?? loftDefaults.model,
    method: config.method ?? loftDefaults.method,
    preset: preset.name,
    seed: config.seed ?? loftDefaults.seed,
    data: { ...loftDefaults.data, ...config.data },
    prompt: { ...loftDefaults.prompt, ...config.prompt },
    adapter: { ...adapter, targetModules: inModelOrder(adapter.targetModules) },
    training: { ...values.training, ...config.training, ...duration(config.training, values.training) },
    fusion: {
      ...fusion,
      weights: filledWeights(fusion.weights, fusion.adaptersPerImage),
      extra: (config.fusion?.extra ?? loftDefaults.fusion.extra).map(({ file, weight = 1 }) => ({ file, weight })),
    },
    sampling: { ...sampling, guidanceInterval: sampling.guidanceInterval as GuidanceInterval | null },
    output: { ...loftDefaults.output, folder: `runs/${safeFolderName(name)}`, ...config.output },
    evaluation: filledEvaluation(config, preset),
    device: { ...loftDefaults.device, ...config.device },
  };
  return { config: resolved, origins: originsOf(resolved, config, preset) };
}

function filledEvaluation(config: LoftConfig, preset: Preset): EvaluationConfig {
  const { method, prompt, evaluation } = config;
  return {
    ...loftDefaults.evaluation,
    test: null,
    methods: [method ?? loftDefaults.method],
    templates: [prompt?.template ?? loftDefaults.prompt.template],
    shots: null,
    imagesPerClass: null,
    ...evaluation,
    steps: single(evaluation?.steps ?? loftDefaults.evaluation.steps),
    classifier: single(evaluation?.classifier ?? loftDefaults.evaluation.classifier),
    learningRate: single(evaluation?.learningRate ?? classifierRates(config, preset).map(({ value }) => value)),
  };
}

/** A list of one is that one. */
function single<Value>(values: Value | readonly Value[]): Value | readonly Value[] {
  return Array.isArray(values) && values.length === 1 ? values[0] : values;
}

/** One for each classifier. */
function classifierRates({ evaluation }: LoftConfig, preset: Preset): readonly Sourced<number>[] {
  const names = classifierNames(evaluation?.classifier ?? loftDefaults.evaluation.classifier);
  return names.map((name) => preset.classifier(name).learningRate);
}

/** Steps or epochs: what the user gave, else the preset's. */
function duration(
  given: LoftConfig["training"],
  preset: PresetValues["training"],
): Pick<PresetValues["training"], "steps" | "epochs"> {
  if (typeof given?.epochs === "number") return { steps: null, epochs: given.epochs };
  if (typeof given?.steps === "number") return { steps: given.steps, epochs: null };
  return { steps: preset.steps, epochs: preset.epochs };
}

/** `dir/my-photos.loft.json` is the run `my-photos`. */
function nameOf(fileName: string): string {
  const base = fileName.split(/[\\/]/).at(-1) as string;
  const name = base.replace(/\.json$/i, "").replace(/\.loft$/i, "");
  return name.trim() === "" ? "run" : name;
}

/** One order, whatever the file's: the order does not matter, and equal adapters must have equal identities. */
function inModelOrder(modules: readonly TargetModule[]): readonly TargetModule[] {
  return (["to_q", "to_k", "to_v", "to_out.0"] as const).filter((module) => modules.includes(module));
}

function filledWeights(weights: WeightsConfig, count: number): FusionWeights {
  switch (weights.kind) {
    case "fixed":
      return { kind: "fixed", values: weights.values ?? Array.from({ length: count }, () => 1 / count) };
    case "uniform":
      return { kind: "uniform" };
    case "dirichlet":
      return { kind: "dirichlet", alpha: weights.alpha ?? 1 };
  }
}

/** The fields of a resolved configuration as (path, value), groups opened one level. */
export function resolvedFields(config: ResolvedConfig): readonly (readonly [path: string, value: unknown])[] {
  return Object.entries(config).flatMap(([key, member]): readonly (readonly [string, unknown])[] =>
    typeof member === "object"
      ? Object.entries(member).map(([field, value]) => [`${key}.${field}`, value])
      : [[key, member]],
  );
}

function originsOf(resolved: ResolvedConfig, user: LoftConfig, preset: Preset): Readonly<Record<string, Origin>> {
  const entries = resolvedFields(resolved).map(([path]) => [path, originOf(path, user, preset)]);
  return Object.fromEntries(entries) as Readonly<Record<string, Origin>>;
}

function originOf(path: string, user: LoftConfig, preset: Preset): Origin {
  const [group, field] = path.split(".") as [string, string | undefined];
  const member = (user as unknown as Readonly<Record<string, unknown>>)[group];
  const isGiven = field === undefined ? member !== undefined : Object.hasOwn((member ?? {}) as object, field);
  const isLeftToUs = path === "preset" && member === "auto";
  const isNotGiven = isLeftToUs || (isDuration(path) && member !== undefined);
  const counted = ["epochs", "steps"].find((unit) => typeof user.training?.[unit as "steps"] === "number");
  if (isDuration(path) && counted !== undefined)
    return { from: "user", source: field === counted ? "this file" : `training.${counted} in this file` };
  if (isGiven && !isNotGiven) return { from: "user", source: "this file" };
  const source = field === undefined ? undefined : presetSource(preset, group, field);
  if (source !== undefined) return { from: "preset", source };
  if (path === "evaluation.learningRate") {
    const sources = classifierRates(user, preset).map((rate) => rate.source);
    return { from: "default", source: [...new Set(sources)].join("; ") };
  }
  return { from: "default", source: path === "preset" ? "picked by the model" : "default" };
}

/** The two that are decided together. */
function isDuration(path: string): boolean {
  return path === "training.steps" || path === "training.epochs";
}
