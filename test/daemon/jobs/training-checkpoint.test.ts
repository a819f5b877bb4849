/** Saved training states come back bit by bit, whole or for some of their adapters; damaged ones count as none. */
import { mkdir, truncate, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { randomStream } from "../../../daemon/base/random.ts";
import { checkpointFile, inRun, runPaths } from "../../../daemon/jobs/run-folder.ts";
import {
  listCheckpoints,
  readCheckpoint,
  removeCheckpoint,
  type TrainingCheckpoint,
  writeCheckpoint,
} from "../../../daemon/jobs/training-checkpoint.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const adapters = ["one", "two", "three"];
const step = 4;

async function emptyRun(): Promise<string> {
  const root = await temporaryFolder();
  await mkdir(inRun(root, runPaths.checkpoints), { recursive: true });
  return root;
}

/** A checkpoint of three adapters with five parameters each. */
function checkpoint(): TrainingCheckpoint {
  const rng = randomStream("checkpoint");
  const state = { step, parameters: rng.normals(15), firstMoment: rng.normals(15), secondMoment: rng.normals(15) };
  const history = Array.from({ length: step }, () => ({
    losses: rng.normals(3),
    gradNorms: rng.normals(3),
    timesteps: rng.normals(3),
    durationSeconds: Math.fround(rng.uniform()),
  }));
  return { state, history };
}

/** What it holds of the rows `rows`. */
function rowsOf({ state, history }: TrainingCheckpoint, rows: readonly number[]): TrainingCheckpoint {
  const packed = (all: Float32Array) => Float32Array.from(rows.flatMap((row) => [...all.slice(5 * row, 5 * row + 5)]));
  const { parameters, firstMoment, secondMoment } = state;
  return {
    state: {
      step,
      parameters: packed(parameters),
      firstMoment: packed(firstMoment),
      secondMoment: packed(secondMoment),
    },
    history: history.map(({ losses, gradNorms, timesteps, durationSeconds }) => ({
      losses: Float32Array.from(rows, (row) => losses[row]!),
      gradNorms: Float32Array.from(rows, (row) => gradNorms[row]!),
      timesteps: Float32Array.from(rows, (row) => timesteps[row]!),
      durationSeconds,
    })),
  };
}

test.each([[[0, 1, 2]], [[1]], [[2, 0]]])("rows %j come back as they were saved", async (rows) => {
  const root = await emptyRun();
  const written = checkpoint();
  await writeCheckpoint(root, { id: "group", adapters }, written);
  const [group] = await listCheckpoints(root);
  expect(group).toEqual({ id: "group", adapters, step });
  const names = rows.map((row) => adapters[row]!);
  expect(await readCheckpoint(root, group!, names)).toEqual(rowsOf(written, rows));
});

test("what is no checkpoint or damaged counts as none", async () => {
  const root = await emptyRun();
  const write = (id: string) => writeCheckpoint(root, { id, adapters }, checkpoint());
  await write("sound");
  await write("short");
  await write("removed");
  await truncate(inRun(root, checkpointFile("short")), 200);
  await removeCheckpoint(root, "removed");
  await writeFile(inRun(root, checkpointFile("text")), "no checkpoint");
  await writeFile(inRun(root, `${runPaths.checkpoints}/notes.txt`), "no checkpoint");
  expect((await listCheckpoints(root)).map(({ id }) => id)).toEqual(["sound"]);
  expect(await readCheckpoint(root, { id: "short", adapters, step }, adapters)).toBeUndefined();
});
