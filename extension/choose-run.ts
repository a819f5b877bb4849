/** The run that a command is about: its argument, the only one that fits, or the one the user picks. */
import { CancellationError, l10n, ThemeIcon, window } from "vscode";
import type { RunId, RunState, RunSummary } from "../schemas/protocol.ts";
import { ShownError } from "./loft-error.ts";
import { describeRun, iconOfState } from "./run-text.ts";
import type { Services } from "./services.ts";

/** What the tree, the panel and tests hand to a command. */
export type RunArgument = { readonly run: RunId };

/**
 * @param states only runs in one of these
 * @throws ShownError "run-missing" when there is none, CancellationError when the user picks none
 */
export async function chooseRun(
  argument: unknown,
  { runs }: Pick<Services, "runs">,
  { states, placeHolder }: { readonly states: readonly RunState[]; readonly placeHolder: string },
): Promise<RunSummary> {
  const named = await findRun(argument, { runs });
  if (named !== undefined) return named;
  const fitting = (await runs.refresh()).filter(({ state }) => states.includes(state));
  const [first] = fitting;
  if (first === undefined) throw noRun(states);
  if (fitting.length === 1) return first;
  const items = fitting.map((run) => ({
    label: run.name,
    description: describeRun(run),
    detail: run.folder,
    iconPath: new ThemeIcon(iconOfState(run.state)),
    run,
  }));
  const picked = await window.showQuickPick(items, { placeHolder, matchOnDescription: true });
  if (picked === undefined) throw new CancellationError();
  return picked.run;
}

/** The run that an argument names; undefined where it names none, or none that is known. */
export async function findRun(argument: unknown, { runs }: Pick<Services, "runs">): Promise<RunSummary | undefined> {
  return isRunArgument(argument) ? (runs.get(argument.run) ?? (await find(runs, argument.run))) : undefined;
}

async function find(runs: Services["runs"], wanted: RunId): Promise<RunSummary | undefined> {
  return (await runs.refresh()).find(({ run }) => run === wanted);
}

function isRunArgument(value: unknown): value is RunArgument {
  return typeof value === "object" && value !== null && "run" in value && typeof value.run === "string";
}

function noRun(states: readonly RunState[]): ShownError {
  const isLive = states.includes("running");
  const isStopped = states.includes("interrupted");
  const what =
    isLive && !isStopped
      ? l10n.t("No run is going on.")
      : isStopped && !states.includes("finished")
        ? l10n.t("There is no run to resume.")
        : l10n.t("There is no run yet.");
  return new ShownError({ code: "run-missing", what, fix: l10n.t("Start one with LoFT: Generate Dataset.") });
}
