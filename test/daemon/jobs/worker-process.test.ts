/** What is told of a worker process that ends: real ones, each with an end of its own. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startWorker } from "../../../daemon/jobs/worker-process.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

test.each([
  // As JavaScript's machine and the C++ library end a process that gets no memory, and as Linux does.
  { end: "process.abort()", hasNoMemory: true },
  { end: 'process.kill(process.pid, "SIGKILL")', hasNoMemory: true },
  { end: "process.exit(134)", hasNoMemory: true },
  { end: 'process.kill(process.pid, "SIGTERM")', hasNoMemory: false },
  { end: "process.exit(1)", hasNoMemory: false },
])("$end", async ({ end, hasNoMemory }) => {
  const script = join(await temporaryFolder(), "worker.cjs");
  await writeFile(script, `process.on("message", () => ${end});`);
  const worker = startWorker({ script, places: { packageFolder: "" }, log: () => {} });
  const { what, fix } = await loftErrorOf(() => worker.perform("run", {} as never), "job-crashed");
  expect(/memory has run out/.test(what)).toBe(hasNoMemory);
  expect(fix).toContain("training.batchSize");
});
