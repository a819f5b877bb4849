/** Arrays of a reference case whose model is read as another: half-precision weights, and v-prediction. */
import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { type DiffusionModel, loadDiffusionModel } from "../../daemon/diffusion/diffusion-model.ts";
import { cpu } from "../support/run-graph.ts";
import { autoencoder, builtSchedulers, sample, text, unetForward } from "./networks.ts";
import type { ReferenceCase } from "./reference-case.ts";
import { caseTraining } from "./training.ts";

/** Networks of the `*.fp16.safetensors` beside the full weights: the arrays whose names begin with "fp16". */
export async function halfPrecision(reference: ReferenceCase): Promise<void> {
  const expected = reference.names.filter((name) => name.startsWith("fp16."));
  if (expected.length === 0) return;
  const folder = await mkdtemp(join(tmpdir(), "loft-"));
  try {
    await linkHalfPrecision(reference.folder, folder);
    const model = await loadDiffusionModel(folder, cpu);
    const half: ReferenceCase = {
      ...reference,
      compare: (name, found) => {
        // The given arrays are those of the full weights; not all of their outputs were computed in half precision.
        if (expected.includes(`fp16.${name}`)) reference.compare(`fp16.${name}`, found);
      },
    };
    for (const group of [text, unetForward, autoencoder]) await group(half, model);
  } finally {
    await rm(folder, { recursive: true });
  }
  assertCompared(reference, expected);
}

/** Links to a model's files without its full weights, so that the variant is chosen. */
async function linkHalfPrecision(model: string, folder: string): Promise<void> {
  const entries = await readdir(model, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const isFull = entry.name.endsWith(".safetensors") && !entry.name.endsWith(".fp16.safetensors");
    if (!entry.isFile() || isFull) continue;
    const target = join(folder, relative(model, entry.parentPath));
    await mkdir(target, { recursive: true });
    await symlink(join(entry.parentPath, entry.name), join(target, entry.name));
  }
}

/** The same weights taken as predicting v: the arrays whose names begin with "v". */
export async function velocityPrediction(reference: ReferenceCase, model: DiffusionModel): Promise<void> {
  const expected = reference.names.filter((name) => name.startsWith("v."));
  if (expected.length === 0) return;
  const predictionType = "v_prediction";
  const { trainer, initial, step } = await caseTraining(
    reference,
    { ...model, scheduler: { ...model.scheduler, predictionType } },
    "warm",
  );
  const { losses, gradients } = await step(initial);
  await trainer.release();
  reference.compare("v.loss", losses);
  reference.compareGroup("v.grad", gradients);
  for (const scheduler of builtSchedulers) {
    const run = await sample(reference, model, { scheduler, steps: 10, guidance: 2, predictionType });
    reference.compare(`v.sample.${scheduler}.10.cfg2.0.path`, run.path);
  }
  assertCompared(reference, expected);
}

function assertCompared({ compared }: ReferenceCase, expected: readonly string[]): void {
  const left = expected.filter((name) => !compared.has(name));
  if (0 < left.length) throw new Error(`not compared: ${left.join(", ")}`);
}
