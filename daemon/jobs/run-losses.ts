/** The loss curves of a run: of finished adapters from their logs, of those in training from their events. */
import { readFile } from "node:fs/promises";
import type { LossCurve } from "../../schemas/protocol.ts";
import { parseEventLog } from "./event-log.ts";
import type { KnownRun } from "./known-run.ts";
import { type LossPoint, lossCurve } from "./loss-curves.ts";
import { runClasses } from "./run-classes.ts";
import { inRun, trainingLogFile } from "./run-folder.ts";

type LoggedStep = { readonly step: number; readonly loss: number };

/** All curves, in the order of classes and photos. Adapters without a step yet are left out. */
export async function runLosses(run: KnownRun): Promise<readonly LossCurve[]> {
  const live = run.stream.losses.curves();
  const curves: LossCurve[] = [];
  for (const { className, folder, photos } of await runClasses(run.root, run.planned, run.files.counts())) {
    for (const { adapterId, photo, trained } of photos) {
      const points = trained ? await loggedCurve(run.root, folder, adapterId) : (live.get(adapterId) ?? []);
      if (0 < points.length) curves.push({ adapterId, className, photo, points });
    }
  }
  return curves;
}

async function loggedCurve(root: string, folder: string, id: string): Promise<readonly LossPoint[]> {
  const text = await readFile(inRun(root, trainingLogFile(folder, id)), "utf8").catch(() => "");
  const { entries } = parseEventLog<LoggedStep>(text);
  return lossCurve(entries.map(({ step, loss }) => [step, loss] as const).filter(([step]) => Number.isFinite(step)));
}
