/** Progress in the words of the status bar and the tree. */
import { l10n } from "vscode";
import type { RunProgress } from "../schemas/protocol.ts";

/** "40 s", "3 min", "2 h 5 min": rounded as people say it. */
export function durationText(seconds: number): string {
  if (seconds < 59.5) return l10n.t("{0} s", Math.max(1, Math.round(seconds)));
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return l10n.t("{0} min", minutes);
  const rest = minutes % 60;
  const hours = Math.floor(minutes / 60);
  return rest === 0 ? l10n.t("{0} h", hours) : l10n.t("{0} h {1} min", hours, rest);
}

/** "42 %, 3 min left", "evaluating, 42 %"; what is not known is left out. */
export function progressText(progress: RunProgress | undefined): string {
  if (progress === undefined || progress.stage === "loading") return l10n.t("starting");
  const share = l10n.t("{0} %", Math.floor(progress.share * 100));
  const percent = progress.stage === "evaluating" ? l10n.t("evaluating, {0}", share) : share;
  if (progress.secondsLeft === undefined) return percent;
  return l10n.t("{0}, {1} left", percent, durationText(progress.secondsLeft));
}
