/** Kept answers of classifiers: what comes back, and that none that is lost is kept. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { kept, readTaskResult, type TaskResult, writeTaskResult } from "../../../daemon/jobs/evaluate-task-files.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const about = { validationAccuracy: null, step: 4 };
const result: TaskResult = { formatVersion: 1, id: "a", probabilities: [[0.25, 0.75]], ...about };

describe("a kept answer", () => {
  it("comes back for as many pictures", async () => {
    const folder = await temporaryFolder();
    await writeTaskResult(folder, result);
    expect(await readTaskResult(folder, "a", 1)).toEqual(result);
    expect(await readTaskResult(folder, "a", 2)).toBeUndefined();
    expect(await readTaskResult(folder, "b", 1)).toBeUndefined();
  });

  it.each(["[[0.25, null]]", "[null]", "{}"])("that is no list of probabilities is made again: %s", async (text) => {
    const folder = await temporaryFolder();
    await writeTaskResult(folder, result);
    const json = `{ "formatVersion": 1, "id": "a", "probabilities": ${text} }`;
    await writeFile(join(folder, "tasks", "a.json"), json);
    expect(await readTaskResult(folder, "a", 1)).toBeUndefined();
  });

  it("is refused when it is not finite", async () => {
    expect(kept(Float32Array.of(0.1, 0.9))).toEqual([0.1, 0.9]);
    await loftErrorOf(async () => kept(Float32Array.of(Number.NaN, 1)), "not-finite");
  });
});
