/** One item at the left of the status bar: progress and time left of what runs, or how the daemon is. */
import { type Command, type Disposable, l10n, MarkdownString, StatusBarAlignment, ThemeColor, window } from "vscode";
import type { RunProgress, RunSummary } from "../schemas/protocol.ts";
import { isConfigDocument } from "./config-files.ts";
import type { DaemonClient } from "./daemon-client.ts";
import { describeRun } from "./run-text.ts";
import { isLive, type Runs } from "./runs.ts";

type Shown = {
  readonly text: string;
  readonly tooltip: string;
  readonly command: string | Command;
  readonly label: string;
  readonly isError?: boolean;
};

/** The item stands while a run goes on, a configuration is open, or the daemon failed. */
export function createStatusItem(client: DaemonClient, runs: Runs): Disposable {
  const item = window.createStatusBarItem("status", StatusBarAlignment.Left, 10);
  item.name = "LoFT";
  const show = (): void => {
    const live = runs.all().filter(isLive);
    const isOpen = window.visibleTextEditors.some(({ document }) => isConfigDocument(document));
    if (live.length === 0 && !isOpen && client.state !== "failed") {
      item.hide();
      return;
    }
    const shown = 0 < live.length ? shownRuns(live) : shownDaemon(client);
    item.text = shown.text;
    item.tooltip = new MarkdownString(shown.tooltip);
    item.command = shown.command;
    item.accessibilityInformation = { label: shown.label };
    item.backgroundColor = shown.isError === true ? new ThemeColor("statusBarItem.errorBackground") : undefined;
    item.show();
  };
  show();
  const subscriptions = [
    runs.onDidChange(show),
    client.onDidChangeState(show),
    window.onDidChangeVisibleTextEditors(show),
  ];
  return {
    dispose: () => {
      for (const subscription of subscriptions) subscription.dispose();
      item.dispose();
    },
  };
}

function shownRuns(live: readonly RunSummary[]): Shown {
  const first = live.find(({ state }) => state === "running") ?? live[0];
  if (first === undefined) throw new Error("shownRuns needs a run");
  const more = live.length === 1 ? "" : ` (+${live.length - 1})`;
  const text = `${describeRun(first)}${more}`;
  const isEvaluating = first.progress?.stage === "evaluating";
  const lines = live.map((run) => `**${escapeMarkdown(run.name)}**: ${describeRun(run)}${detailOf(run)}`);
  return {
    text: `$(loading~spin) LoFT ${text}`,
    tooltip: [
      ...lines,
      isEvaluating ? l10n.t("Select to see the results.") : l10n.t("Select to see the samples."),
    ].join("\n\n"),
    command: isEvaluating ? resultsCommand(first) : "loft.showSamples",
    label: l10n.t("LoFT, {0}: {1}", first.name, text),
  };
}

function resultsCommand({ run }: RunSummary): Command {
  return { command: "loft.openResults", title: l10n.t("Open Results"), arguments: [{ run }] };
}

function detailOf({ progress }: RunSummary): string {
  if (progress === undefined) return "";
  const counts = countsOf(progress);
  return progress.device === undefined ? `\n\n${counts}` : `\n\n${counts}, ${progress.device}`;
}

function countsOf(progress: RunProgress): string {
  if (progress.stage === "evaluating")
    return l10n.t("{0} of {1} classifiers", progress.adaptersDone, progress.adapters);
  return l10n.t(
    "{0} of {1} adapters, {2} of {3} images",
    progress.adaptersDone,
    progress.adapters,
    progress.imagesDone,
    progress.images,
  );
}

function shownDaemon({ state, status }: DaemonClient): Shown {
  switch (state) {
    case "starting":
      return {
        text: "$(sync~spin) LoFT",
        tooltip: l10n.t("Connecting to LoFT's daemon"),
        command: "loft.showLog",
        label: l10n.t("LoFT is connecting"),
      };
    case "failed":
      return {
        text: "$(error) LoFT",
        tooltip: l10n.t("LoFT's daemon could not be started. Select to see the log."),
        command: "loft.showLog",
        label: l10n.t("LoFT failed"),
        isError: true,
      };
    case "stopped":
    case "ready":
      return {
        text: "$(combine) LoFT",
        tooltip: status === undefined ? l10n.t("LoFT") : l10n.t("LoFT {0}: nothing is running", status.version),
        command: "loft.runs.focus",
        label: l10n.t("LoFT, nothing is running"),
      };
  }
}

function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!<>|]/g, "\\$&");
}
