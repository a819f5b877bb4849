/** An evaluation that takes a few seconds: the tiny run with the tiny CLIP, two test pictures a class. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Evaluation, evaluate } from "../../daemon/jobs/evaluate-run.ts";
import type { EvaluationRequest } from "../../daemon/jobs/prepare-evaluation.ts";
import { modelsFolder } from "./run-in-process.ts";
import { makeTinyRun, type TinyRun, tinyPhoto, writePhoto } from "./tiny-run.ts";

/** A CLIP that is small enough for tests. */
export const tinyClipFolder = fileURLToPath(new URL("../fixtures/reference/clip-tiny", import.meta.url));

/** Steps of each classifier. */
const steps = 4;

/** Write photos, test pictures and configuration into `folder`; members of `evaluation` replace those of the default. */
export async function makeTinyEvaluation(folder: string, evaluation: Readonly<Record<string, unknown>> = {}) {
  const usual = { test: "test", classifier: tinyClipFolder, seeds: 2, steps, batchSize: 4, learningRate: 1e-2 };
  const config = {
    training: { steps: 3, warmupSteps: 1 },
    sampling: { steps: 2 },
    evaluation: { ...usual, ...evaluation },
  };
  const run = await makeTinyRun(folder, { photos: { cat: 2, dog: 2 }, config });
  await writePictures(run, "test", { cat: 2, dog: 2 });
  return run;
}

/** Write pictures of their own into a folder beside the photos. */
export async function writePictures({ folder }: TinyRun, name: string, counts: Readonly<Record<string, number>>) {
  for (const [className, count] of Object.entries(counts)) {
    for (let index = 0; index < count; index += 1) {
      const file = join(folder, name, className, `${index}.png`);
      await writePhoto(file, tinyPhoto(`${name} ${className} ${index}`));
    }
  }
}

export function evaluateTiny(
  { folder, config }: TinyRun,
  options: Partial<EvaluationRequest> = {},
): Promise<Evaluation> {
  return evaluate({
    configFile: join(folder, config),
    modelsFolder,
    onlyClasses: [],
    command: "loft generate tiny.loft.json",
    signal: new AbortController().signal,
    emit: () => undefined,
    ...options,
  });
}

/** What an evaluation wrote, by file name. */
export async function evaluationBytes(folder: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    files[entry.name] = await readFile(join(entry.parentPath, entry.name), "utf8");
  }
  return files;
}
