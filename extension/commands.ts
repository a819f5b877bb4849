/** The commands of the extension by id; each has a file in commands/. Ids are permanent. */
import { commands, type Disposable } from "vscode";
import { cancelRun } from "./commands/cancel-run.ts";
import { copyDiagnosticReport } from "./commands/copy-diagnostic-report.ts";
import { deleteRun } from "./commands/delete-run.ts";
import { evaluateDataset } from "./commands/evaluate-dataset.ts";
import { generateDataset } from "./commands/generate-dataset.ts";
import { newConfigFromFolder } from "./commands/new-config-from-folder.ts";
import { openResults } from "./commands/open-results.ts";
import { openRunConfig } from "./commands/open-run-config.ts";
import { previewPlan } from "./commands/preview-plan.ts";
import { refreshRuns } from "./commands/refresh-runs.ts";
import { replayImage } from "./commands/replay-image.ts";
import { restartDaemon } from "./commands/restart-daemon.ts";
import { resumeRun } from "./commands/resume-run.ts";
import { revealRun } from "./commands/reveal-run.ts";
import { showLog } from "./commands/show-log.ts";
import { showResultsAsText } from "./commands/show-results-as-text.ts";
import { showSamples } from "./commands/show-samples.ts";
import type { Services } from "./services.ts";
import { showError } from "./show-error.ts";

/** A command: what the user or another part handed over is checked by the command itself; a rejection is shown. */
export type Command = (services: Services, argument: unknown) => Promise<unknown>;

export const loftCommands: Readonly<Record<string, Command>> = {
  "loft.cancelRun": cancelRun,
  "loft.copyDiagnosticReport": copyDiagnosticReport,
  "loft.deleteRun": deleteRun,
  "loft.evaluateDataset": evaluateDataset,
  "loft.generateDataset": generateDataset,
  "loft.newConfigFromFolder": newConfigFromFolder,
  "loft.openResults": openResults,
  "loft.openRunConfig": openRunConfig,
  "loft.previewPlan": previewPlan,
  "loft.refreshRuns": refreshRuns,
  "loft.replayImage": replayImage,
  "loft.restartDaemon": restartDaemon,
  "loft.resumeRun": resumeRun,
  "loft.revealRun": revealRun,
  "loft.showLog": showLog,
  "loft.showResultsAsText": showResultsAsText,
  "loft.showSamples": showSamples,
};

export function registerCommands(services: Services): readonly Disposable[] {
  return Object.entries(loftCommands).map(([id, command]) =>
    commands.registerCommand(id, async (argument: unknown) => {
      try {
        return await command(services, argument);
      } catch (error) {
        // Not awaited: whoever called the command shall not wait until the user has read the message.
        void showError(error, services.log);
        return undefined;
      }
    }),
  );
}
