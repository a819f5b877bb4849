/** What `loft plan` tells: the plan's numbers, what of it is already done, and what the rest takes. */
import { byteText } from "../base/byte-text.ts";
import { counted } from "../base/counted.ts";
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
  /** For what is not done yet; left out where the machine is too small to measure it. */
  readonly secondsLeft?: number;
};

/** Count what a prepared job would do, look at its run folder, and measure this machine for about a second. */
export async function planReport(prepared: PreparedJob): Promise<PlanReport> {
  const { plan, model, resolution } = prepared;
  const done = await countFinishedTasks(prepared.outputFolder, plan);
  const expected = await forecast(prepared);
  const summary = planSummary(plan, resolution.config);
  return {
    model: model.name,
    provider: model.diffusion.session.provider,
    preset: resolution.config.preset,
    summary,
    adaptersDone: done.adapters,
    imagesDone: done.images,
    forecast: expected,
    ...secondsLeft(summary, done, expected),
  };
}

function secondsLeft(
  { adapterCount, adapterSteps, imageCount }: PlanSummary,
  done: { readonly adapters: number; readonly images: number },
  { secondsPerAdapterStep, secondsPerImage }: Forecast,
): Pick<PlanReport, "secondsLeft"> {
  if (secondsPerAdapterStep === undefined || secondsPerImage === undefined) return {};
  const stepsEach = adapterSteps / Math.max(1, adapterCount);
  const training = (adapterCount - done.adapters) * stepsEach * secondsPerAdapterStep;
  return { secondsLeft: training + (imageCount - done.images) * secondsPerImage };
}

/** A report as text, with the run folder as the user sees it. */
export function planText(report: PlanReport, runFolder: string): string {
  const { summary, forecast: expected, adaptersDone, imagesDone } = report;
  const finished = `${counted(adaptersDone, "adapter")}, ${counted(imagesDone, "image")}`;
  const done = 0 < adaptersDone + imagesDone ? [`already done    ${finished}`] : [];
  return [
    classTable(summary),
    "",
    `model           ${report.model}, preset ${report.preset}`,
    `device          ${report.provider}`,
    `adapters        ${adaptersText(summary)}`,
    `images          ${summary.imageCount}`,
    ...done,
    `time            ${timeText(report)}`,
    `memory          about ${byteText(expected.memoryBytes)}${byPart(expected)}`,
    `disk            about ${byteText(expected.diskBytes)} in ${runFolder}`,
  ].join("\n");
}

function timeText({ summary, secondsLeft, forecast: expected }: PlanReport): string {
  if (secondsLeft === undefined) return "not measured: one picture alone needs more memory than this machine has";
  const most = summary.stopsEarly ? "at most " : "";
  return `${most}about ${durationText(secondsLeft)} (${rates(expected)}, measured just now)`;
}

/** `16, 600 steps each`; adapters of different photo counts may have different steps. */
function adaptersText({ adapterCount, adapterSteps, stopsEarly }: PlanSummary): string {
  if (adapterCount === 0) return "none: the base model is sampled";
  const most = stopsEarly ? "at most " : "";
  const steps = adapterSteps / adapterCount;
  if (!Number.isInteger(steps)) return `${adapterCount}, ${most}${counted(adapterSteps, "step")} in all`;
  return `${adapterCount}, ${most}${counted(steps, "step")} each`;
}

function classTable({ classes }: PlanSummary): string {
  const width = Math.max(5, ...classes.map(({ className }) => className.length));
  const row = (name: string, adapters: string | number, images: string | number) =>
    `${name.padEnd(width)}  ${String(adapters).padStart(8)}  ${String(images).padStart(7)}`;
  const rows = classes.map(({ className, adapterCount, imageCount }) => row(className, adapterCount, imageCount));
  return [row("class", "adapters", "images"), ...rows].join("\n");
}

function rates({ secondsPerAdapterStep = 0, secondsPerImage = 0 }: Forecast): string {
  const named = [
    [secondsPerAdapterStep, "adapter-steps/s"],
    [secondsPerImage, "images/s"],
  ] as const;
  return named.flatMap(([seconds, unit]) => (0 < seconds ? [`${rate(seconds)} ${unit}`] : [])).join(", ");
}

function rate(secondsPerUnit: number): string {
  return (1 / secondsPerUnit).toLocaleString("en-US", { maximumSignificantDigits: 2 });
}

function byPart({ memoryByPart: { training, sampling } }: Forecast): string {
  if (training === undefined || sampling === undefined) return "";
  return ` (training ${byteText(training)}, sampling ${byteText(sampling)})`;
}
