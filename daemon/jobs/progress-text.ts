/** Progress in words, for a terminal's live lines and for plain logs. Pure. */
import { type Count, isJudging, type Progress, secondsLeft, unitsPerSecond } from "./progress.ts";

/** What a terminal can show. */
export type TextStyle = { readonly columns: number; readonly color: boolean };

/** The live block: one line per kind of work, then the time left. No line is wider than the terminal. */
export function progressLines(progress: Progress, style: TextStyle): readonly string[] {
  const lines = [
    ...(trains(progress)
      ? [countLine(`${trainedWord(progress)}s`, progress.adapters, trainingDetail(progress), style)]
      : []),
    ...(isJudging(progress) ? [] : [countLine("images", progress.images, imageDetail(progress), style)]),
    `${"left".padEnd(9)} ${leftText(progress)} · ${progress.provider} (${progress.device})${failedText(progress)}`,
  ];
  return lines.map((line) => shown(line, style));
}

/** The same in one line without control characters. */
export function progressLine(progress: Progress): string {
  const parts = [
    ...(trains(progress)
      ? [`${trainedWord(progress)}s ${fraction(progress.adapters)}${bracketed(trainingDetail(progress))}`]
      : []),
    ...(isJudging(progress) ? [] : [`images ${fraction(progress.images)}${bracketed(imageDetail(progress))}`]),
    leftText(progress),
  ];
  return `${parts.join(", ")}${failedText(progress)}`;
}

/** "45 s", "3 min 20 s", "2 h 5 min", "12 days 3 h": as exact as an estimate deserves. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24).toLocaleString("en-US")} days ${hours % 24} h`;
}

/** Whether the run has adapters at all; the methods that only prompt have none. */
function trains({ adapters }: Progress): boolean {
  return 0 < adapters.total;
}

function trainedWord(progress: Progress): string {
  return isJudging(progress) ? "classifier" : "adapter";
}

function countLine(name: string, count: Count, detail: string, style: TextStyle): string {
  const head = `${name.padEnd(9)} ${bar(count, style)} ${fraction(count)}`;
  return detail === "" ? head : `${head} · ${detail}`;
}

function bar({ done, total }: Count, style: TextStyle): string {
  const width = Math.max(4, Math.min(24, Math.floor(style.columns / 4)));
  const filled = total === 0 ? 0 : Math.min(width, Math.floor((width * done) / total));
  return `${"━".repeat(filled)}${"─".repeat(width - filled)}`;
}

function trainingDetail(progress: Progress): string {
  const { group, adapterStepRate, loss } = progress;
  if (group === undefined || group.adapters.length === 0) return "";
  const rate = unitsPerSecond(adapterStepRate);
  const parts = [`step ${group.step}/${group.steps} of ${group.adapters.length}`];
  if (rate !== undefined) parts.push(`${rateText(rate)} ${trainedWord(progress)}-steps/s`);
  if (loss !== undefined) parts.push(Number.isFinite(loss) ? `loss ${loss.toFixed(4)}` : "loss diverged");
  return parts.join(", ");
}

function imageDetail({ imageRate }: Progress): string {
  const rate = unitsPerSecond(imageRate);
  return rate === undefined ? "" : `${rateText(rate)} images/s`;
}

function leftText(progress: Progress): string {
  const { adapters, images, failed, evaluation } = progress;
  const where = evaluation === undefined ? "" : ` of part ${evaluation.part + 1} of ${evaluation.parts}`;
  if (adapters.done + images.done === adapters.total + images.total && failed === 0) return `nothing left${where}`;
  const seconds = secondsLeft(progress);
  return seconds === undefined ? `measuring the time left${where}` : `about ${durationText(seconds)} left${where}`;
}

function failedText({ failed }: Progress): string {
  return failed === 0 ? "" : ` · ${failed} failed`;
}

function fraction({ done, total }: Count): string {
  return `${done}/${total}`;
}

function bracketed(detail: string): string {
  return detail === "" ? "" : ` (${detail})`;
}

function rateText(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : rate.toFixed(0);
}

/** Cuts to the width that is seen, so that redrawing finds its lines again, then colors the bar. */
function shown(line: string, style: TextStyle): string {
  const cut = line.slice(0, Math.max(1, style.columns - 1));
  if (!style.color) return cut;
  return cut.replace(/━+/, (full) => styled("32", full)).replace(/─+/, (empty) => styled("90", empty));
}

/** Text between a terminal's color code and the code for its usual color. */
function styled(color: string, text: string): string {
  return `\u001b[${color}m${text}\u001b[39m`;
}
