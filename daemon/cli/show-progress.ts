/** Shows a run's events: a live block on a terminal, a plain line now and then elsewhere, or JSON lines. */
import type { OwnEvent, RunEvent } from "../../schemas/run-event.ts";
import { counted } from "../base/counted.ts";
import { advance, initialProgress, type Progress, withSecondsLeft } from "../jobs/progress.ts";
import { durationText, progressLine, progressLines } from "../jobs/progress-text.ts";
import type { CliContext } from "./context.ts";

export type ProgressDisplay = {
  readonly show: (event: RunEvent) => void;
  /** Tells something that is no event, above the live block where there is one. */
  readonly note: (text: string) => void;
  /** Leaves the last state on the screen. */
  readonly close: () => void;
};

/** Milliseconds between drawings. */
const livePause = 100;
const plainPause = 5_000;

/**
 * The display that fits: `--json` wins; a live block needs a terminal that is no continuous-integration log.
 * @param now milliseconds, any origin
 */
export function progressDisplay(
  context: CliContext,
  asJson: boolean,
  now: () => number = () => performance.now(),
): ProgressDisplay {
  if (asJson) return jsonDisplay(context);
  const { CI, TERM } = context.environment;
  const isLive = context.stderrIsTerminal && !CI && TERM !== "dumb";
  return isLive ? liveDisplay(context, now) : plainDisplay(context, now);
}

function jsonDisplay(context: CliContext): ProgressDisplay {
  let progress = initialProgress;
  const show = (event: RunEvent) => {
    progress = advance(progress, event);
    context.stdout(`${JSON.stringify(withSecondsLeft(event, progress))}\n`);
  };
  return { show, note: (text) => context.stderr(`${text}\n`), close: () => undefined };
}

function plainDisplay(context: CliContext, now: () => number): ProgressDisplay {
  let progress = initialProgress;
  let shownAt = Number.NEGATIVE_INFINITY;
  let shown = "";
  const draw = () => {
    const line = progressLine(progress);
    shownAt = now();
    if (line !== shown) context.stderr(`${line}\n`);
    shown = line;
  };
  const show = (event: RunEvent) => {
    progress = advance(progress, event);
    const note = noteOf(event);
    if (note !== undefined) context.stderr(`${note}\n`);
    if (isCounted(event) && plainPause <= now() - shownAt) draw();
  };
  const close = () => {
    if (0 < progress.adapters.total + progress.images.total) draw();
  };
  return { show, note: (text) => context.stderr(`${text}\n`), close };
}

function liveDisplay(context: CliContext, now: () => number): ProgressDisplay {
  const { NO_COLOR } = context.environment;
  const color = NO_COLOR === undefined || NO_COLOR === "";
  let progress: Progress = initialProgress;
  let shownAt = Number.NEGATIVE_INFINITY;
  let height = 0;
  const clear = () => (height === 0 ? "" : `\u001b[${height}F\u001b[0J`);
  const draw = (note: string) => {
    const lines = progressLines(progress, { columns: context.columns(), color });
    context.stderr(`${clear()}${note}${lines.join("\n")}\n`);
    height = lines.length;
    shownAt = now();
  };
  const show = (event: RunEvent) => {
    progress = advance(progress, event);
    const note = noteOf(event);
    if (note !== undefined) draw(`${note}\n`);
    else if (isCounted(event) && livePause <= now() - shownAt) draw("");
  };
  const close = () => {
    if (0 < height) draw("");
    height = 0;
  };
  const note = (text: string) => (height === 0 ? context.stderr(`${text}\n`) : draw(`${text}\n`));
  return { show, note, close };
}

/** Whether an event changes the counts; the others are told by notes. */
function isCounted(event: RunEvent): boolean {
  if (event.type === "evaluation") return isCounted(event.event);
  return event.type !== "run-finished" && event.type !== "run-interrupted" && event.type !== "warning";
}

/** Events that a user should find in the scroll-back, in words. */
function noteOf(event: RunEvent): string | undefined {
  if (event.type !== "evaluation") return ownNote(event);
  const note = event.method === null ? judgingNote(event.event) : ownNote(event.event);
  return note === undefined || event.method === null ? note : `${event.method}: ${note}`;
}

/** Classifiers are told as adapters, without images. */
function judgingNote(event: OwnEvent): string | undefined {
  switch (event.type) {
    case "run-started": {
      const again = event.adaptersDone === 0 ? "" : ` (${event.adaptersDone} are already done)`;
      return `${counted(event.adapters, "classifier")}${again} on ${event.provider}`;
    }
    case "run-finished":
      return `done in ${durationText(event.seconds)}: ${counted(event.adapters, "classifier")}`;
    case "run-interrupted":
      return `stopped after ${durationText(event.seconds)}: ${counted(event.adapters, "classifier")} more done`;
    default:
      return ownNote(event);
  }
}

function ownNote(event: OwnEvent): string | undefined {
  switch (event.type) {
    case "run-started": {
      const done = event.adaptersDone + event.imagesDone;
      const again = done === 0 ? "" : ` (${event.adaptersDone} and ${event.imagesDone} are already done)`;
      return `${doneText(event, ", ")}${again} on ${event.provider}: ${event.device}`;
    }
    case "warning":
      return event.fix === undefined ? `warning: ${event.what}` : `warning: ${event.what}\nfix: ${event.fix}`;
    case "task-failed":
      return `failed[${event.code}]: ${event.what}\nfix: ${event.fix}`;
    case "run-finished":
      return `done in ${durationText(event.seconds)}: ${doneText(event, ", ")}`;
    case "run-interrupted":
      return `stopped after ${durationText(event.seconds)}; done since the start: ${doneText(event, " and ")}`;
    default:
      return undefined;
  }
}

/** `1 adapter, 12 images` */
function doneText(
  { adapters, images }: { readonly adapters: number; readonly images: number },
  between: string,
): string {
  return `${counted(adapters, "adapter")}${between}${counted(images, "image")}`;
}
