/** Classifiers in training on disk, so that a killed evaluation goes on with the same numbers. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { hashOf } from "../base/hash.ts";
import { isRecord } from "../checkpoint/json-text.ts";
import {
  type CheckpointTensor,
  readSafetensorsHeader,
  readTensors,
  toFloat32,
  writeSafetensors,
} from "../checkpoint/safetensors.ts";
import { concatenated } from "../engine/graph/tensor.ts";
import { rowParameters } from "../eval/classifier.ts";
import type { TrainingState } from "../optim/training-state.ts";
import { stateFromTensors, stateNames, stateTensors, unlessDamaged } from "./training-checkpoint.ts";

/** A classifier as validation chose it so far. */
export type Chosen = {
  readonly parameters: Float32Array;
  readonly step: number;
  readonly validationAccuracy: number | null;
};

export type ClassifierCheckpoint = {
  readonly state: TrainingState;
  /** One for each row; empty before the first look. */
  readonly best: readonly Chosen[];
  /** Of the last step. */
  readonly losses: readonly number[];
  /** Seconds of work so far. */
  readonly seconds: number;
};

type Group = readonly { readonly id: string }[];

/** Save the state of the classifiers that are trained together; the file is replaced in one step. */
export async function writeClassifierCheckpoint(
  folder: string,
  group: Group,
  { state, best, losses, seconds }: ClassifierCheckpoint,
): Promise<void> {
  const rows = group.length;
  const tensors = new Map<string, CheckpointTensor>(stateTensors(state, rows));
  const data = concatenated(best.map(({ parameters }) => parameters));
  if (0 < best.length) tensors.set("best_parameters", { dtype: "F32", shape: [rows, data.length / rows], data });
  const chosen = best.map(({ step, validationAccuracy }) => ({ step, validationAccuracy }));
  const facts = JSON.stringify({ step: state.step, losses, seconds, chosen });
  await writeSafetensors(checkpointFile(folder, group), tensors, { facts });
}

/** What is saved of these classifiers; undefined where there is nothing, or nothing that can be read: they start anew. */
export async function readClassifierCheckpoint(
  folder: string,
  group: Group,
): Promise<ClassifierCheckpoint | undefined> {
  return unlessDamaged(async () => {
    const file = await readSafetensorsHeader(checkpointFile(folder, group));
    const facts = factsOf(file.metadata.facts);
    if (facts === undefined) return undefined;
    const hasBest = 0 < facts.chosen.length;
    const tensors = await readTensors(file, [...stateNames, ...(hasBest ? ["best_parameters"] : [])]);
    const stored = tensors.get("best_parameters");
    const parameters = stored === undefined ? [] : rowParameters({ parameters: toFloat32(stored) }, group.length);
    const best = facts.chosen.map((chosen, row) => ({ ...chosen, parameters: parameters[row]! }));
    const { step, losses, seconds } = facts;
    return { losses, seconds, best, state: stateFromTensors(tensors, step) };
  });
}

/** Remove what is saved of these classifiers. */
export async function removeClassifierCheckpoint(folder: string, group: Group): Promise<void> {
  await rm(checkpointFile(folder, group), { force: true });
}

function checkpointFile(folder: string, group: Group): string {
  return join(folder, "checkpoints", `${hashOf(group.map(({ id }) => id))}.safetensors`);
}

type Facts = Pick<ClassifierCheckpoint, "losses" | "seconds"> & {
  readonly step: number;
  readonly chosen: readonly Omit<Chosen, "parameters">[];
};

function factsOf(text: string | undefined): Facts | undefined {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return isRecord(value) && Array.isArray(value.chosen) ? (value as unknown as Facts) : undefined;
  } catch {
    return undefined;
  }
}
