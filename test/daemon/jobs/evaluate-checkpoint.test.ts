/** Classifiers in training on disk: what comes back, and that what is damaged counts as nothing. */
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeSafetensors } from "../../../daemon/checkpoint/safetensors.ts";
import {
  type ClassifierCheckpoint,
  readClassifierCheckpoint,
  removeClassifierCheckpoint,
  writeClassifierCheckpoint,
} from "../../../daemon/jobs/evaluate-checkpoint.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const group = [{ id: "a" }, { id: "b" }];
const values = (start: number) => Float32Array.from({ length: 6 }, (_, index) => start + index / 7);

const checkpoint: ClassifierCheckpoint = {
  state: { step: 3, parameters: values(0), firstMoment: values(10), secondMoment: values(20) },
  best: [
    { parameters: values(1).slice(0, 3), step: 1, validationAccuracy: 1 / 3 },
    { parameters: values(2).slice(3), step: 3, validationAccuracy: 0.5 },
  ],
  losses: [0.1, 0.2],
  seconds: 1.5,
};

/** A folder with a saved group, and the file. */
async function saved(content: ClassifierCheckpoint) {
  const folder = await temporaryFolder();
  await writeClassifierCheckpoint(folder, group, content);
  const [name] = await readdir(join(folder, "checkpoints"));
  return { folder, file: join(folder, "checkpoints", name!) };
}

describe("a saved state", () => {
  it.each([
    ["with what validation chose", checkpoint],
    ["before the first look", { ...checkpoint, best: [] }],
    [
      "without validation",
      { ...checkpoint, best: checkpoint.best.map((each) => ({ ...each, validationAccuracy: null })) },
    ],
  ])("%s comes back as it was", async (_, content) => {
    const { folder } = await saved(content);
    expect(await readClassifierCheckpoint(folder, group)).toEqual(content);
  });

  it("is that of its group alone, and goes when it is done", async () => {
    const { folder } = await saved(checkpoint);
    expect(await readClassifierCheckpoint(folder, group.slice(0, 1))).toBeUndefined();
    await removeClassifierCheckpoint(folder, group);
    expect(await readClassifierCheckpoint(folder, group)).toBeUndefined();
    await removeClassifierCheckpoint(folder, group);
  });

  const damages: readonly [string, (file: string) => Promise<unknown>][] = [
    ["cut off", async (file) => truncate(file, (await readFile(file)).length - 5)],
    ["empty", (file) => writeFile(file, "")],
    ["of another kind", (file) => writeFile(file, "not a safetensors file at all")],
    ["without its facts", (file) => writeSafetensors(file, new Map())],
    ["with facts that are none", (file) => writeSafetensors(file, new Map(), { facts: "{" })],
    ["without its arrays", (file) => writeSafetensors(file, new Map(), { facts: '{"step":3,"chosen":[]}' })],
  ];
  it.each(damages)("%s counts as none", async (_, damage) => {
    const { folder, file } = await saved(checkpoint);
    await damage(file);
    expect(await readClassifierCheckpoint(folder, group)).toBeUndefined();
  });
});
