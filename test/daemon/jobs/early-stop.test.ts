/** Adapters that stop early: each at its own step, the same bytes in whatever batch, and after an interruption. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { planReport, planText } from "../../../daemon/jobs/plan-report.ts";
import type { PreparedJob } from "../../../daemon/jobs/prepare-job.ts";
import type { RunEvent } from "../../../schemas/run-event.ts";
import { runBytes } from "../../support/run-bytes.ts";
import { prepareTinyRun, runPrepared } from "../../support/run-in-process.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { makeTinyRun, type TinyRun, writeTinyConfig } from "../../support/tiny-run.ts";

const steps = 24;

/** One photo's loss falls by 6 % over steps 6 to 15 and rises then; that of the other rises from the beginning. */
const earlyStop = 0.02;

function settings(batchSize: number) {
  return { training: { steps, warmupSteps: 1, batchSize, earlyStop } };
}

async function train(run: TinyRun, root: string, stopAt?: number): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = [];
  const control = new AbortController();
  const emit = (event: RunEvent) => {
    events.push(event);
    if (event.type === "training-step" && event.step === stopAt) control.abort();
  };
  const running = runPrepared(await prepareTinyRun(run), {
    ...{ root, part: "adapters", emit, signal: control.signal },
  });
  if (stopAt === undefined) await running;
  else await expect(running).rejects.toMatchObject({ code: "interrupted" });
  return events;
}

function idsOf({ plan }: PreparedJob): readonly string[] {
  return plan.adapters.map(({ id }) => id);
}

/** By adapter, in the order in which they ended. */
function stepsOf(events: readonly RunEvent[]): Record<string, number | undefined> {
  return Object.fromEntries(
    events.flatMap((event) => (event.type === "adapter-finished" ? [[event.id, event.steps]] : [])),
  );
}

test("adapters stop at steps of their own, alone as in a batch, and interrupted ones where they would have", async () => {
  const run = await makeTinyRun(await temporaryFolder(), { photos: { cat: 2 }, config: settings(2) });
  const ends = stepsOf(await train(run, join(run.folder, "together")));
  expect(Object.values(ends)).toEqual([15, 20]);
  const bytes = await runBytes(join(run.folder, "together"));

  // While the second goes on without the first.
  const interrupted = join(run.folder, "interrupted");
  const before = stepsOf(await train(run, interrupted, 17));
  expect(Object.values(before)).toEqual([15]);
  expect({ ...before, ...stepsOf(await train(run, interrupted)) }).toEqual(ends);
  expect(await runBytes(interrupted)).toEqual(bytes);

  await writeTinyConfig(run, settings(1));
  expect(stepsOf(await train(run, join(run.folder, "alone")))).toEqual(ends);
  expect(await runBytes(join(run.folder, "alone"))).toEqual(bytes);
}, 300_000);

test("the plan says that steps are the most, and an adapter that may stop early is another one", async () => {
  const run = await makeTinyRun(await temporaryFolder(), { photos: { cat: 1 }, config: settings(1) });
  const prepared = await prepareTinyRun(run);
  const { text, ids } = { text: planText(await planReport(prepared), "run"), ids: idsOf(prepared) };
  expect(text).toMatch(/^adapters {8}1, at most 24 steps each$/m);
  expect(text).toMatch(/^time {12}at most about /m);
  await writeTinyConfig(run, { training: { ...settings(1).training, earlyStop: null } });
  expect(idsOf(await prepareTinyRun(run))).not.toEqual(ids);
});
