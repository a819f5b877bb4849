/** Photos are prepared a few groups at a time, so that a long plan needs no more memory than a short one. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { RunEvent } from "../../../schemas/run-event.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { only, runBytes } from "../../support/run-bytes.ts";
import { prepareTinyRun, runPrepared } from "../../support/run-in-process.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { makeTinyRun } from "../../support/tiny-run.ts";

test("a photo is read shortly before its adapter is trained, and the bytes are those of larger groups", async () => {
  const training = { steps: 2, warmupSteps: 0, resolution: 64, batchSize: 1 };
  const run = await makeTinyRun(await temporaryFolder(), { photos: { cat: 10 }, config: { training } });
  const prepared = await prepareTinyRun(run);
  const last = join(run.photos, "cat", "9.png");
  const photo = await readFile(last);
  await rm(last);
  const finished: string[] = [];
  const emit = (event: RunEvent) => {
    if (event.type === "adapter-finished") finished.push(event.id);
  };

  await loftErrorOf(() => runPrepared(prepared, { part: "adapters", emit }), "file-vanished");
  expect(finished).toEqual(prepared.plan.adapters.slice(0, 8).map(({ id }) => id));

  await writeFile(last, photo);
  await runPrepared(prepared, { part: "adapters", emit });
  expect(finished).toEqual(prepared.plan.adapters.map(({ id }) => id));

  const together = join(run.folder, "together");
  const config = { ...prepared.resolution.config, training: { ...prepared.resolution.config.training, batchSize: 10 } };
  const inOneGroup = { ...prepared, resolution: { ...prepared.resolution, config } };
  await runPrepared(inOneGroup, { part: "adapters", root: together });
  const adapters = async (root: string) => only(await runBytes(root), /safetensors$/);
  expect(await adapters(together)).toEqual(await adapters(prepared.outputFolder));
});
