/** LoFT: Replay Image. */
import { CancellationError, l10n, ProgressLocation, window } from "vscode";
import type { ReplayResult, RunSummary } from "../../schemas/protocol.ts";
import { chooseRun } from "../choose-run.ts";
import { ShownError } from "../loft-error.ts";
import type { Services } from "../services.ts";

const mostListed = 1_000;

/** Make one image of a run again from its record, and say whether the same pixels came out. */
export async function replayImage(services: Services, argument: unknown): Promise<ReplayResult> {
  const run = await chooseRun(argument, services, {
    states: ["finished", "interrupted", "failed"],
    placeHolder: l10n.t("Choose the run of the image"),
  });
  const file = fileOf(argument) ?? (await chooseImage(services, run));
  const title = l10n.t("Replaying {0}", file);
  const result = await window.withProgress({ location: ProgressLocation.Notification, title }, () =>
    services.client.request("loft/replay", { run: run.run, file }),
  );
  void window.showInformationMessage(describe(file, result));
  return result;
}

function fileOf(argument: unknown): string | undefined {
  const isNamed = typeof argument === "object" && argument !== null && "file" in argument;
  return isNamed && typeof argument.file === "string" ? argument.file : undefined;
}

async function chooseImage({ client }: Services, { run, name }: RunSummary): Promise<string> {
  const { samples } = await client.request("loft/samples", { run, offset: 0, limit: mostListed });
  if (samples.length === 0) {
    throw new ShownError({
      code: "image-missing",
      what: l10n.t("The run {0} has no images yet.", name),
      fix: l10n.t("Resume it, then try again."),
    });
  }
  const items = samples.map((sample) => ({ label: sample.file, description: sample.prompt, file: sample.file }));
  const picked = await window.showQuickPick(items, {
    placeHolder: l10n.t("Choose an image"),
    matchOnDescription: true,
  });
  if (picked === undefined) throw new CancellationError();
  return picked.file;
}

function describe(file: string, { same, differingValues, largestDifference }: ReplayResult): string {
  if (same) return l10n.t("{0}: the same pixels came out.", file);
  return l10n.t("{0}: {1} values differ, by at most {2} of 255 levels.", file, differingValues, largestDifference);
}
