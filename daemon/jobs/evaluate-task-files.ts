/** What is kept of trained classifiers: their answers, one file for each in `tasks/` of the evaluation's folder. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeJsonAtomic } from "../base/atomic-file.ts";
import { loftError } from "../base/errors.ts";
import { isRecord } from "../checkpoint/json-text.ts";

/** A classifier's answers, one list of class probabilities per test picture. */
export type TaskResult = {
  readonly formatVersion: 1;
  readonly id: string;
  readonly probabilities: readonly (readonly number[])[];
  readonly validationAccuracy: number | null;
  /** Steps done when it was judged. */
  readonly step: number;
};

/** A kept answer; undefined where there is none that fits, which then is made again. */
export async function readTaskResult(folder: string, id: string, pictures: number): Promise<TaskResult | undefined> {
  const text = await readFile(taskFile(folder, id), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const fits = isRecord(value) && value.formatVersion === 1 && value.id === id && Array.isArray(value.probabilities);
    const isWhole = fits && (value.probabilities as unknown[]).length === pictures;
    return isWhole && (value.probabilities as unknown[]).every(isAnswer) ? (value as TaskResult) : undefined;
  } catch {
    return undefined;
  }
}

/** JSON has no NaN, and writes null. */
function isAnswer(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "number");
}

export async function writeTaskResult(folder: string, result: TaskResult): Promise<void> {
  await writeJsonAtomic(taskFile(folder, result.id), result);
}

/**
 * Seven digits say all that a float32 knows.
 * @throws LoftError "not-finite": such an answer would count as the first class
 */
export function kept(probabilities: Float32Array): readonly number[] {
  if (!probabilities.every(Number.isFinite)) throw notFinite();
  return Array.from(probabilities, (value) => Number(value.toPrecision(7)));
}

function notFinite() {
  return loftError("not-finite", {
    what: "What a classifier answers to a picture became NaN or infinite.",
    fix: "Lower evaluation.learningRate, choose another evaluation.classifier, or compute on the CPU.",
  });
}

function taskFile(folder: string, id: string): string {
  return join(folder, "tasks", `${id}.json`);
}
