/** What a run would take, as tasks of a worker process: they need photos and model, and measure this machine. */
import { dirname, join, relative } from "node:path";
import type { PlanCost } from "../../schemas/protocol.ts";
import { memoryWarnings } from "./memory-warnings.ts";
import { type PlanReport, planReport, planText } from "./plan-report.ts";
import { type PreparedJob, prepareJob, requireSeparateFolders } from "./prepare-job.ts";
import { preparedWarnings } from "./prepared-warnings.ts";
import { refuseForeignFolder } from "./run-folder.ts";
import type { TaskContext } from "./task-context.ts";

/** The plan's numbers. Throws as `prepareJob`. */
export async function planCostTask({ config }: { readonly config: string }, context: TaskContext): Promise<PlanCost> {
  const { prepared, report } = await reportOf(config, context);
  return {
    adapters: report.summary.adapterCount,
    images: report.summary.imageCount,
    adaptersDone: report.adaptersDone,
    imagesDone: report.imagesDone,
    ...(report.secondsLeft === undefined ? {} : { secondsLeft: report.secondsLeft }),
    memoryBytes: report.forecast.memoryBytes,
    diskBytes: report.forecast.diskBytes,
    device: report.provider,
    warnings: [...preparedWarnings(prepared), ...memoryWarnings(prepared)],
  };
}

/** The plan as `loft plan` prints it; the run folder is shown from the configuration's folder. */
export async function planTextTask(
  { config }: { readonly config: string },
  context: TaskContext,
): Promise<{ readonly text: string }> {
  const { prepared, report } = await reportOf(config, context);
  return { text: planText(report, relative(dirname(config), prepared.outputFolder) || ".") };
}

async function reportOf(
  config: string,
  { places, signal }: TaskContext,
): Promise<{ readonly prepared: PreparedJob; readonly report: PlanReport }> {
  const modelsFolder = join(places.packageFolder, "models");
  const prepared = await prepareJob({ configFile: config, modelsFolder, onlyClasses: [], signal });
  requireSeparateFolders(prepared.dataFolder, prepared.outputFolder);
  await refuseForeignFolder(prepared.outputFolder);
  return { prepared, report: await planReport(prepared) };
}
