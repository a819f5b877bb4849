/** The state of adapters in training on disk, so that a killed run goes on with the same numbers. */
import { readdir, rm } from "node:fs/promises";
import { LoftError } from "../base/errors.ts";
import {
  type CheckpointTensor,
  readSafetensorsHeader,
  readTensors,
  toFloat32,
  writeSafetensors,
} from "../checkpoint/safetensors.ts";
import { concatenated } from "../engine/graph/tensor.ts";
import type { TrainingState } from "../optim/training-state.ts";
import { checkpointFile, inRun, isCheckpointThere, runPaths } from "./run-folder.ts";

/** What was measured in one step of a group; entry i belongs to row i. */
export type StepRecord = {
  readonly losses: Float32Array;
  readonly gradNorms: Float32Array;
  /** As shares of the training timesteps. */
  readonly timesteps: Float32Array;
  readonly durationSeconds: number;
};

export type TrainingCheckpoint = { readonly state: TrainingState; readonly history: readonly StepRecord[] };

/** A saved group: its adapters' ids, one per row, and the steps done. */
export type SavedGroup = { readonly id: string; readonly adapters: readonly string[]; readonly step: number };

/** Save a group's state and history; the file is replaced in one step. */
export async function writeCheckpoint(
  root: string,
  group: { readonly id: string; readonly adapters: readonly string[] },
  { state, history }: TrainingCheckpoint,
): Promise<void> {
  const rows = group.adapters.length;
  const joined = (parts: readonly Float32Array[]) => matrix(concatenated(parts), rows);
  const tensors = new Map([
    ...stateTensors(state, rows),
    ["losses", joined(history.map(({ losses }) => losses))],
    ["grad_norms", joined(history.map(({ gradNorms }) => gradNorms))],
    ["timesteps", joined(history.map(({ timesteps }) => timesteps))],
    [
      "seconds",
      matrix(
        Float32Array.from(history, ({ durationSeconds }) => durationSeconds),
        1,
      ),
    ],
  ]);
  await writeSafetensors(inRun(root, checkpointFile(group.id)), tensors, { adapters: group.adapters.join(" ") });
}

/** The arrays of a state by their names in a file, each [rows, ...]. */
export function stateTensors(state: TrainingState, rows: number): readonly (readonly [string, CheckpointTensor])[] {
  const perRow = (data: Float32Array) => matrix(data, data.length / rows);
  return [
    ["parameters", perRow(state.parameters)],
    ["first_moment", perRow(state.firstMoment)],
    ["second_moment", perRow(state.secondMoment)],
  ];
}

export const stateNames = ["parameters", "first_moment", "second_moment"] as const;

/** The state that `stateTensors` took apart. */
export function stateFromTensors(tensors: ReadonlyMap<string, CheckpointTensor>, step: number): TrainingState {
  const data = (name: string) => toFloat32(tensors.get(name)!);
  return {
    step,
    parameters: data("parameters"),
    firstMoment: data("first_moment"),
    secondMoment: data("second_moment"),
  };
}

function matrix(data: Float32Array, width: number): CheckpointTensor {
  return { dtype: "F32", shape: [data.length / width, width], data };
}

/** The groups with a saved state, in the order of their ids. Files that cannot be read are passed over. */
export async function listCheckpoints(root: string): Promise<SavedGroup[]> {
  const groups: SavedGroup[] = [];
  for (const name of (await readdir(inRun(root, runPaths.checkpoints))).sort()) {
    const id = name.replace(/\.safetensors$/, "");
    if (id === name || !(await isCheckpointThere(root, id))) continue;
    const group = await unlessDamaged(() => readSavedGroup(root, id));
    if (group !== undefined) groups.push(group);
  }
  return groups;
}

/**
 * What a saved group knows of `adapters`, one per row in the order given.
 * @returns undefined when there is none, or none that can be read: then they start anew
 */
export async function readCheckpoint(
  root: string,
  group: SavedGroup,
  adapters: readonly string[],
): Promise<TrainingCheckpoint | undefined> {
  return unlessDamaged(async () => {
    const file = await readSafetensorsHeader(inRun(root, checkpointFile(group.id)));
    const rows = adapters.map((id) => group.adapters.indexOf(id));
    const rowCount = group.adapters.length;
    return checkpointRows(checkpointFrom(await readTensors(file), rowCount), rows, rowCount);
  });
}

/** The rows `rows` of a checkpoint of `rowCount` rows, copied. */
export function checkpointRows(
  { state, history }: TrainingCheckpoint,
  rows: readonly number[],
  rowCount: number,
): TrainingCheckpoint {
  const select = (all: Float32Array) => selectRows(all, rows, rowCount);
  const { step, parameters, firstMoment, secondMoment } = state;
  return {
    state: {
      step,
      parameters: select(parameters),
      firstMoment: select(firstMoment),
      secondMoment: select(secondMoment),
    },
    history: history.map(({ losses, gradNorms, timesteps, durationSeconds }) => ({
      losses: select(losses),
      gradNorms: select(gradNorms),
      timesteps: select(timesteps),
      durationSeconds,
    })),
  };
}

/** Remove a group's saved state. */
export async function removeCheckpoint(root: string, groupId: string): Promise<void> {
  await rm(inRun(root, checkpointFile(groupId)), { force: true });
}

async function readSavedGroup(root: string, id: string): Promise<SavedGroup | undefined> {
  const { metadata, tensors } = await readSafetensorsHeader(inRun(root, checkpointFile(id)));
  const adapters = (metadata.adapters ?? "").split(" ").filter((adapter) => adapter !== "");
  const step = tensors.get("seconds")?.shape[0] ?? 0;
  const isOurs = 0 < adapters.length && 0 < step && tensorNames.every((name) => tensors.has(name));
  return isOurs ? { id, adapters, step } : undefined;
}

const tensorNames = [...stateNames, "losses", "grad_norms", "timesteps", "seconds"] as const;

function checkpointFrom(tensors: ReadonlyMap<string, CheckpointTensor>, rowCount: number): TrainingCheckpoint {
  const data = (name: (typeof tensorNames)[number]) => toFloat32(tensors.get(name)!);
  const [losses, gradNorms, timesteps] = [data("losses"), data("grad_norms"), data("timesteps")];
  const seconds = data("seconds");
  const ofStep = (all: Float32Array, step: number) => all.subarray(step * rowCount, (step + 1) * rowCount);
  const history = Array.from(seconds, (durationSeconds, step) => ({
    losses: ofStep(losses, step),
    gradNorms: ofStep(gradNorms, step),
    timesteps: ofStep(timesteps, step),
    durationSeconds,
  }));
  return { state: stateFromTensors(tensors, seconds.length), history };
}

function selectRows(all: Float32Array, rows: readonly number[], rowCount: number): Float32Array {
  const width = all.length / rowCount;
  const selected = new Float32Array(rows.length * width);
  for (const [place, row] of rows.entries()) selected.set(all.subarray(row * width, (row + 1) * width), place * width);
  return selected;
}

/** What is read, or undefined where a file is missing or damaged. */
export async function unlessDamaged<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof LoftError) return undefined;
    throw error;
  }
}
