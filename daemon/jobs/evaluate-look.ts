/**
 * What CLIP sees without training: zero-shot answers, how good the synthetic sets are, which of their images stay out of
 * training, and which splits share pictures. All of it is kept, so that a later start need not look again.
 */
import type { SetQuality } from "../../schemas/results.ts";
import { hashOf } from "../base/hash.ts";
import type { EvaluationConfig } from "../config/resolve.ts";
import type { EvaluationClassifier } from "./evaluate-classifier.ts";
import { factOf } from "./evaluate-facts.ts";
import { nearLeakWarnings, type Splits } from "./evaluate-leaks.ts";
import type { EvaluationPicture, EvaluationWarning } from "./evaluate-pictures.ts";
import { type ClassifierTask, evaluationVersion, type SyntheticSet } from "./evaluate-plan.ts";
import { type SetFacts, setFacts } from "./evaluate-sets.ts";
import { kept, readTaskResult, type TaskResult, writeTaskResult } from "./evaluate-task-files.ts";
import { stopIfInterrupted } from "./job.ts";
import { hasRule, leftOutBy, withoutLeftOut } from "./left-out.ts";
import { type Onlooker, onlooker } from "./onlooker.ts";
import type { PictureSources } from "./picture-sources.ts";

export type Sight = {
  /** The evaluation's. */
  readonly folder: string;
  readonly classifier: EvaluationClassifier;
  readonly config: EvaluationConfig;
  /** Zero-shot prompts of each class. */
  readonly templates: readonly (readonly string[])[];
  readonly sources: PictureSources;
  readonly photos: readonly EvaluationPicture[];
  readonly test: readonly EvaluationPicture[];
  readonly splits: Splits;
  readonly signal: AbortSignal;
};

export type Seen = {
  /** With the images marked that no classifier learns from. */
  readonly sets: readonly SyntheticSet[];
  readonly quality: readonly SetQuality[];
  readonly warnings: readonly EvaluationWarning[];
};

/**
 * @param zeroShot the task to answer, where the table has one
 * @throws LoftError "interrupted", and what reading pictures and computing throws
 */
export async function lookAt(
  sight: Sight,
  sets: readonly SyntheticSet[],
  zeroShot: ClassifierTask | undefined,
): Promise<Seen> {
  const look = onlooker(sight.classifier.clip, sight.templates, sight);
  try {
    if (zeroShot !== undefined) await answerZeroShot(sight, look, zeroShot);
    const seen: Pick<Seen, "sets" | "quality">[] = [];
    for (const set of sets) {
      stopIfInterrupted(sight);
      seen.push(await seenSet(sight, look, set));
    }
    stopIfInterrupted(sight);
    const warnings = await nearLeaks(sight, look);
    return { sets: seen.flatMap((each) => each.sets), quality: seen.flatMap((each) => each.quality), warnings };
  } finally {
    await look.release();
  }
}

/** What another CLIP model answers untrained. Throws as `lookAt`. */
export async function lookUntrained(sight: Sight, zeroShot: ClassifierTask): Promise<void> {
  const look = onlooker(sight.classifier.clip, sight.templates, sight);
  try {
    stopIfInterrupted(sight);
    await answerZeroShot(sight, look, zeroShot);
  } finally {
    await look.release();
  }
}

async function answerZeroShot({ folder, test }: Sight, look: Onlooker, { id }: ClassifierTask): Promise<void> {
  if ((await readTaskResult(folder, id, test.length)) !== undefined) return;
  const probabilities = (await look.zeroShot(await look.features(test))).map(kept);
  const result: TaskResult = { formatVersion: 1, id, probabilities, validationAccuracy: null, step: 0 };
  await writeTaskResult(folder, result);
}

async function seenSet(sight: Sight, look: Onlooker, set: SyntheticSet): Promise<Pick<Seen, "sets" | "quality">> {
  const { folder, photos, config, templates } = sight;
  const { method, draw, images } = set;
  // The quality that is shown is that of all photos' sets; those of draws are looked at for the rules alone.
  if (draw !== undefined && !hasRule(config)) return { sets: [withoutLeftOut(set, [], config)], quality: [] };
  const id = factId(sight, { method, templates, photos: named(photos), images: named(images) });
  const { quality, images: facts } = await factOf<SetFacts>(folder, id, () => setFacts(look, photos, set, sight));
  const leftOut = leftOutBy(set, facts, { rules: config, classes: templates.length });
  return { sets: [withoutLeftOut(set, facts, config)], quality: draw === undefined ? [{ ...quality, leftOut }] : [] };
}

async function nearLeaks(sight: Sight, look: Onlooker): Promise<readonly EvaluationWarning[]> {
  const { folder, photos, splits } = sight;
  const entries = Object.entries(splits).map(([name, pictures]) => [name, named(pictures)] as const);
  const id = factId(sight, { splits: Object.fromEntries(entries) });
  return factOf(folder, id, () => nearLeakWarnings(look, splits, photos, sight));
}

/** Names are in the answers, so they are in the id. */
function named(pictures: readonly EvaluationPicture[]): readonly (readonly [string, string, number])[] {
  return pictures.map(({ name, sha256, label }) => [name, sha256, label] as const);
}

/** Raise it when a change of the code changes what is found out. */
const factsVersion = 2;

function factId({ classifier }: Sight, about: Parameters<typeof hashOf>[0]): string {
  return hashOf({ version: evaluationVersion, factsVersion, clip: classifier.sha256, about });
}
