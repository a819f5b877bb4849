/** What commands, views and panels are handed: the parts of the extension that live as long as it does. */
import type { Uri } from "vscode";
import type { ConfigFiles } from "./config-files.ts";
import type { DaemonClient } from "./daemon-client.ts";
import type { Log } from "./log.ts";
import type { SamplesPanels } from "./panels/samples.ts";
import type { PlanDocuments } from "./plan-documents.ts";
import type { ResultsOpener } from "./results-files.ts";
import type { Runs } from "./runs.ts";

export type Services = {
  readonly client: DaemonClient;
  readonly configs: ConfigFiles;
  readonly log: Log;
  readonly panels: SamplesPanels;
  readonly plans: PlanDocuments;
  readonly results: ResultsOpener;
  readonly runs: Runs;
  /** The extension's own folder. */
  readonly home: Uri;
  readonly version: string;
};
