/** What `loft plan` tells: the plan's numbers, what of it is already done, and what the rest takes. */
import { type PlanSummary, planSummary } from "../pipeline/print-plan.ts";
import { countFinishedTasks } from "./finished-tasks.ts";
import { type Forecast, forecast } from "./forecast.ts";
import type { PreparedJob } from "./prepare-job.ts";
import { durationText } from "./progress-text.ts";

export type PlanReport = {
  readonly model: string;
  readonly provider: string;
  readonly preset: string;
  readonly summary: PlanSummary;
  readonly adaptersDone: number;
  readonly imagesDone: number;
  readonly forecast: Forecast;
  /** Seconds for what is not done yet. */
  readonly secondsLeft: number;
};

/** Count what a prepared job would do, look at its run folder, and measure this machine for about a second. */
export async function planReport(prepared: PreparedJob): Promise<PlanReport> {
  const { plan, model, resolution } = prepared;
  const done = await countFinishedTasks(prepared.outputFolder, plan);
  const expected = await forecast(prepared);
  const steps = plan.adapters[0]!.parameters.steps;
  const training = (plan.adapters.length - done.adapters) * steps * expected.secondsPerAdapterStep;
  return {
    model: model.name,
    provider: model.diffusion.session.provider,
    preset: resolution.config.preset,
    summary: planSummary(plan, resolution.config),
    adaptersDone: done.adapters,
    imagesDone: done.images,
    forecast: expected,
    secondsLeft: training + (plan.images.length - done.images) * expected.secondsPerImage,
  };
}

/** A report as text, with the run folder as the user sees it. */
export function planText(report: PlanReport, runFolder: string): string {
  const { summary, forecast: expected, adaptersDone, imagesDone } = report;
  const steps = summary.adapterSteps / Math.max(1, summary.adapterCount);
  const done = 0 < adaptersDone + imagesDone ? [`already done    ${adaptersDone} adapters, ${imagesDone} images`] : [];
  return [
    classTable(summary),
    "",
    `model           ${report.model}, preset ${report.preset}`,
    `device          ${report.provider}`,
    `adapters        ${summary.adapterCount}, ${steps} ${steps === 1 ? "step" : "steps"} each`,
    `images          ${summary.imageCount}`,
    ...done,
    `time            about ${durationText(report.secondsLeft)} (${rate(expected.secondsPerAdapterStep)} adapter-steps/s, ${rate(expected.secondsPerImage)} images/s, measured just now)`,
    `memory          about ${gigabytes(expected.memoryBytes)} GB`,
    `disk            about ${gigabytes(expected.diskBytes)} GB in ${runFolder}`,
  ].join("\n");
}

function classTable({ classes }: PlanSummary): string {
  const width = Math.max(5, ...classes.map(({ className }) => className.length));
  const row = (name: string, adapters: string | number, images: string | number) =>
    `${name.padEnd(width)}  ${String(adapters).padStart(8)}  ${String(images).padStart(7)}`;
  const rows = classes.map(({ className, adapterCount, imageCount }) => row(className, adapterCount, imageCount));
  return [row("class", "adapters", "images"), ...rows].join("\n");
}

function rate(secondsPerUnit: number): string {
  return (1 / secondsPerUnit).toPrecision(2);
}

function gigabytes(bytes: number): string {
  return (bytes / 1e9).toPrecision(2);
}
