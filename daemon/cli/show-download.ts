/** Shows a download's events: one live line on a terminal, a plain line now and then elsewhere, or JSON lines. */

import type { DownloadEvent, DownloadProgress } from "../../schemas/download-event.ts";
import { counted } from "../base/counted.ts";
import { durationText } from "../jobs/progress-text.ts";
import type { CliContext } from "./context.ts";

export type DownloadDisplay = {
  readonly show: (event: DownloadEvent) => void;
  /** Leaves the last state on the screen. */
  readonly close: () => void;
};

/** Milliseconds between plain lines. */
const plainPause = 5_000;

/**
 * The display that fits: `--json` wins; a live line needs a terminal that is no continuous-integration log.
 * @param now milliseconds, any origin
 */
export function downloadDisplay(
  context: CliContext,
  asJson: boolean,
  now: () => number = () => performance.now(),
): DownloadDisplay {
  if (asJson) return { show: (event) => context.stdout(`${JSON.stringify(event)}\n`), close: () => undefined };
  const { CI, TERM } = context.environment;
  const isLive = context.stderrIsTerminal && !CI && TERM !== "dumb";
  return isLive ? liveDisplay(context) : plainDisplay(context, now);
}

function plainDisplay(context: CliContext, now: () => number): DownloadDisplay {
  let shownAt = Number.NEGATIVE_INFINITY;
  const show = (event: DownloadEvent) => {
    const note = noteOf(event);
    if (note !== undefined) context.stderr(`${note}\n`);
    if (event.type !== "download-progress") return;
    const at = now();
    if (at - shownAt < plainPause) return;
    shownAt = at;
    context.stderr(`${progressText(event)}\n`);
  };
  return { show, close: () => undefined };
}

function liveDisplay(context: CliContext): DownloadDisplay {
  let line = "";
  const draw = (note: string) => {
    const shown = line.slice(0, Math.max(1, context.columns() - 1));
    context.stderr(`\r\u001b[K${note}${shown}`);
  };
  const show = (event: DownloadEvent) => {
    if (event.type === "download-progress") line = progressText(event);
    const note = noteOf(event);
    draw(note === undefined ? "" : `${note}\n`);
  };
  const close = () => {
    if (line !== "") context.stderr("\n");
    line = "";
  };
  return { show, close };
}

/** "1.2 of 2.1 GB, 45.0 MB/s, about 20 s left, unet/..." */
function progressText({ path, bytesDone, bytes, bytesPerSecond, secondsLeft }: DownloadProgress): string {
  const rate = bytesPerSecond === undefined ? [] : [`${sizeText(bytesPerSecond)}/s`];
  const left = secondsLeft === undefined ? [] : [`about ${durationText(secondsLeft)} left`];
  const percent = bytes === 0 ? 100 : Math.floor((100 * bytesDone) / bytes);
  return [`${percent}%  ${sizeText(bytesDone)} of ${sizeText(bytes)}`, ...rate, ...left, path].join(", ");
}

/** Sizes as people say them; 1 MB is a million bytes. */
export function sizeText(bytes: number): string {
  if (1e9 <= bytes) return `${(bytes / 1e9).toFixed(2)} GB`;
  return 1e5 <= bytes ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e3).toFixed(1)} kB`;
}

/** Events that a user should find in the scroll-back, in words. */
function noteOf(event: DownloadEvent): string | undefined {
  switch (event.type) {
    case "download-started": {
      const { repository, revision, variant, files, bytes } = event;
      return `${repository} at ${revision.slice(0, 12)}: ${counted(files, "file")}, ${sizeText(bytes)} (${variant} weights)`;
    }
    case "download-retry":
      return `${event.what} Trying again in ${event.waitSeconds} s.`;
    case "download-source-failed":
      return `source ${event.repository} failed[${event.code}]: ${event.what}`;
    case "download-note":
      return event.what;
    case "download-finished":
      return `done in ${durationText(event.seconds)}: ${sizeText(event.bytes)}, every file checked`;
    default:
      return undefined;
  }
}
