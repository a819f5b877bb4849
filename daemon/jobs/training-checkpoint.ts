/** The state of adapters in training on disk, so that a killed run goes on with the same numbers. */
import { rm } from "node:fs/promises";
import { LoftError } from "../base/errors.ts";
import {
  type CheckpointTensor,
  readSafetensorsHeader,
  readTensors,
  toFloat32,
  writeSafetensors,
} from "../checkpoint/safetensors.ts";
import type { TrainingState } from "../training/trainer.ts";
import { checkpointFile, inRun, isCheckpointThere } from "./run-folder.ts";

/** What was measured in one step of a group; entry i belongs to row i. */
export type StepRecord = {
  readonly losses: Float32Array;
  readonly gradNorms: Float32Array;
  readonly durationSeconds: number;
};

export type TrainingCheckpoint = { readonly state: TrainingState; readonly history: readonly StepRecord[] };

/** Save a group's state and history; the file is replaced in one step. */
export async function writeCheckpoint(
  root: string,
  group: { readonly id: string; readonly adapters: readonly string[] },
  { state, history }: TrainingCheckpoint,
): Promise<void> {
  const rows = group.adapters.length;
  const tensor = (data: Float32Array, width: number): CheckpointTensor => ({
    dtype: "F32",
    shape: [data.length / width, width],
    data,
  });
  const packed = (data: Float32Array) => tensor(data, data.length / rows);
  const joined = (parts: readonly Float32Array[]) =>
    tensor(Float32Array.from(parts.flatMap((part) => [...part])), rows);
  const tensors = new Map([
    ["parameters", packed(state.parameters)],
    ["first_moment", packed(state.firstMoment)],
    ["second_moment", packed(state.secondMoment)],
    ["losses", joined(history.map(({ losses }) => losses))],
    ["grad_norms", joined(history.map(({ gradNorms }) => gradNorms))],
    [
      "seconds",
      tensor(
        Float32Array.from(history, ({ durationSeconds }) => durationSeconds),
        1,
      ),
    ],
  ]);
  await writeSafetensors(inRun(root, checkpointFile(group.id)), tensors, { adapters: group.adapters.join(" ") });
}

/** A group's saved state; undefined when there is none, or none that can be read: then it starts anew. */
export async function readCheckpoint(root: string, groupId: string): Promise<TrainingCheckpoint | undefined> {
  if (!(await isCheckpointThere(root, groupId))) return undefined;
  try {
    const file = await readSafetensorsHeader(inRun(root, checkpointFile(groupId)));
    return checkpointFrom(await readTensors(file));
  } catch (error) {
    if (error instanceof LoftError) return undefined;
    throw error;
  }
}

/** Remove a group's saved state. */
export async function removeCheckpoint(root: string, groupId: string): Promise<void> {
  await rm(inRun(root, checkpointFile(groupId)), { force: true });
}

function checkpointFrom(tensors: ReadonlyMap<string, CheckpointTensor>): TrainingCheckpoint | undefined {
  const names = ["parameters", "first_moment", "second_moment", "losses", "grad_norms", "seconds"];
  if (!names.every((name) => tensors.has(name))) return undefined;
  const data = (name: string) => toFloat32(tensors.get(name)!);
  const losses = data("losses");
  const gradNorms = data("grad_norms");
  const seconds = data("seconds");
  const rows = losses.length / seconds.length;
  const row = (all: Float32Array, step: number) => all.slice(step * rows, (step + 1) * rows);
  const history = Array.from(seconds, (durationSeconds, step) => ({
    losses: row(losses, step),
    gradNorms: row(gradNorms, step),
    durationSeconds,
  }));
  const state = {
    step: seconds.length,
    parameters: data("parameters"),
    firstMoment: data("first_moment"),
    secondMoment: data("second_moment"),
  };
  return { state, history };
}
