/** A plan as text and in numbers, for people and for tests. */
import type { ResolvedConfig } from "../config/resolve.ts";
import { type AdapterTask, adapterTitle, batchKey, type ImageTask, type Plan, unetEvaluations } from "./plan.ts";

/** How much work a plan is. */
export type PlanSummary = {
  readonly adapterCount: number;
  /** Optimizer steps of all adapters; each is a forward and a backward pass of the U-Net for examplesPerStep photos. */
  readonly adapterSteps: number;
  /** Whether adapters may end before their last step: `adapterSteps` and `trainingBatchSteps` are then the most. */
  readonly stopsEarly: boolean;
  /** Steps of the runtime: adapters of one batch share them. */
  readonly trainingBatchSteps: number;
  readonly imageCount: number;
  /** U-Net evaluations for sampling, for one image each; guidance doubles them. */
  readonly unetEvaluations: number;
  readonly classes: readonly {
    readonly className: string;
    readonly classFolder: string;
    readonly adapterCount: number;
    readonly adapterSteps: number;
    readonly imageCount: number;
    readonly unetEvaluations: number;
  }[];
};

/** The numbers of a plan, in all and per class. */
export function planSummary(plan: Plan, config: ResolvedConfig): PlanSummary {
  const folders = [...new Set([...plan.adapters, ...plan.images].map(({ classFolder }) => classFolder))];
  const adaptersOf = grouped(plan.adapters);
  const imagesOf = grouped(plan.images);
  const classes = folders.map((classFolder) => {
    const adapters = adaptersOf.get(classFolder) ?? [];
    const images = imagesOf.get(classFolder) ?? [];
    return {
      className: (adapters[0] ?? images[0])?.className ?? classFolder,
      classFolder,
      adapterCount: adapters.length,
      adapterSteps: sum(adapters.map(({ parameters }) => parameters.steps)),
      imageCount: images.length,
      unetEvaluations: sum(images.map(({ parameters }) => unetEvaluations(parameters))),
    };
  });
  return {
    adapterCount: plan.adapters.length,
    adapterSteps: sum(classes.map(({ adapterSteps }) => adapterSteps)),
    stopsEarly: plan.adapters.some(({ parameters }) => parameters.earlyStop !== null),
    trainingBatchSteps: trainingBatchSteps(plan.adapters, config.training.batchSize),
    imageCount: plan.images.length,
    unetEvaluations: sum(classes.map(({ unetEvaluations }) => unetEvaluations)),
    classes,
  };
}

/**
 * A plan as two tables and its warnings.
 * @param limit rows shown of each table; the rest is counted
 */
export function printPlan(plan: Plan, limit = 20): string {
  const names = new Map(plan.adapters.map((adapter) => [adapter.id, shareName(adapter)]));
  const adapters = [
    table(["adapter", "class", "photo", "steps", "prompt"], plan.adapters.slice(0, limit).map(adapterRow)),
    rest(plan.adapters.length, limit, "adapters"),
    "",
  ];
  return [
    ...(plan.adapters.length === 0 ? [] : adapters),
    table(
      ["image", "class", "index", plan.adapters.length === 0 ? "prompt" : "adapters"],
      plan.images.slice(0, limit).map((image) => imageRow(image, names)),
    ),
    rest(plan.images.length, limit, "images"),
    ...plan.warnings.map(({ what, fix }) => `\nwarning: ${what} ${fix}`),
  ]
    .filter((part) => part !== undefined)
    .join("\n")
    .concat("\n");
}

function adapterRow(adapter: AdapterTask): readonly string[] {
  const { id, className, parameters, examples } = adapter;
  const prompts = [...new Set(examples.map(({ prompt }) => prompt))];
  const prompt = prompts.length === 1 ? (prompts[0] as string) : `${prompts.length} prompts`;
  return [id.slice(0, 8), className, adapterTitle(adapter), String(parameters.steps), prompt];
}

function imageRow(image: ImageTask, names: ReadonlyMap<string, string>): readonly string[] {
  const shares = image.fusion.map(
    ({ adapterId, weight }) => `${Number(weight.toFixed(3))} ${names.get(adapterId) ?? adapterId.slice(0, 8)}`,
  );
  const made = names.size === 0 ? image.prompt : shares.join(" + ");
  return [image.id.slice(0, 8), image.className, String(image.imageIndex), made];
}

/** An adapter in a row of an image. */
function shareName(adapter: AdapterTask): string {
  const title = adapterTitle(adapter);
  return adapter.examples.length === 1 ? title : `${adapter.className} (${title})`;
}

/** Adapters share a step with as many others of equal parameters as a batch holds. */
function trainingBatchSteps(adapters: readonly AdapterTask[], batchSize: number): number {
  const batches = new Map<string, { count: number; readonly steps: number }>();
  for (const adapter of adapters) {
    const key = batchKey(adapter);
    const batch = batches.get(key) ?? { count: 0, steps: adapter.parameters.steps };
    batch.count += 1;
    batches.set(key, batch);
  }
  return sum([...batches.values()].map(({ count, steps }) => Math.ceil(count / batchSize) * steps));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  return [head, ...rows].map((cells) => line(cells).trimEnd()).join("\n");
}

function rest(count: number, limit: number, noun: string): string | undefined {
  return limit < count ? `... and ${count - limit} more ${noun}` : undefined;
}

function grouped<T extends { readonly classFolder: string }>(tasks: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const task of tasks) {
    const group = groups.get(task.classFolder) ?? [];
    if (group.push(task) === 1) groups.set(task.classFolder, group);
  }
  return groups;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
