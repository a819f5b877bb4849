/** The VS Code extension: one list of things to set up. Nothing here may take time: the daemon starts on first need. */
import { commands, type Disposable, type ExtensionContext, Uri, workspace } from "vscode";
import { registerCommands } from "./commands.ts";
import { ConfigFiles, isConfigDocument } from "./config-files.ts";
import { DaemonClient } from "./daemon-client.ts";
import { createLog, type Log } from "./log.ts";
import { notifyFinished } from "./notify-finished.ts";
import { offerBrokenOff } from "./offer-broken-off.ts";
import { SamplesPanels } from "./panels/samples.ts";
import { PlanDocuments } from "./plan-documents.ts";
import { helpInRestrictedMode } from "./restricted-mode.ts";
import { ResultsOpener, registerResultsEditors } from "./results-files.ts";
import { Runs } from "./runs.ts";
import type { Services } from "./services.ts";
import { showError } from "./show-error.ts";
import { createStatusItem } from "./status-item.ts";
import { registerTasks } from "./tasks.ts";
import { createRunsView } from "./views/runs-tree.ts";

/** What tests may look at. */
export type LoftExtension = {
  readonly activation: { readonly milliseconds: number; readonly cpuMilliseconds: number };
  readonly services: Services;
};

export function activate(context: ExtensionContext): LoftExtension {
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  const services = createServices(context);
  const { client, configs, log, runs } = services;
  context.subscriptions.push(
    ...registerCommands(services),
    createRunsView(services),
    createStatusItem(client, runs),
    registerTasks(configs, fileIn(services.home, "daemon", "loft.mjs")),
    helpInRestrictedMode(),
    registerResultsEditors(services),
    notifyFinished(runs, log),
    offerBrokenOff(runs, context.workspaceState),
    connectForConfigurations(client, log),
    tellState(client),
  );
  const { user, system } = process.cpuUsage(cpuBefore);
  const activation = { milliseconds: performance.now() - started, cpuMilliseconds: (user + system) / 1000 };
  log.debug(`Activated in ${activation.milliseconds.toFixed(1)} ms (processor ${activation.cpuMilliseconds} ms).`);
  return { activation, services };
}

/** Windows that close take nothing with them: the daemon stays. */
export function deactivate(): void {}

function createServices({ extensionUri, extension, subscriptions, workspaceState }: ExtensionContext): Services {
  const log = createLog();
  const version: string = extension.packageJSON.version;
  const script = fileIn(extensionUri, "dist", "daemon.js");
  const client = new DaemonClient({ log, version, script, isAllowed: () => workspace.isTrusted });
  const configs = new ConfigFiles();
  const runs = new Runs(client, configs);
  const panels = new SamplesPanels({ client, runs, log, home: extensionUri, memory: workspaceState });
  const plans = new PlanDocuments(client);
  const results = new ResultsOpener(runs);
  subscriptions.push(log, configs, runs, panels, plans, results, client);
  return { client, configs, log, panels, plans, results, runs, home: extensionUri, version };
}

/** An open configuration needs the language server, which is the daemon. */
function connectForConfigurations(client: DaemonClient, log: Log): Disposable {
  const connect = (): void => {
    const isNeeded = workspace.isTrusted && workspace.textDocuments.some(isConfigDocument);
    if (!isNeeded || client.state !== "stopped") return;
    client.ensure().catch((error: unknown) => showError(error, log));
  };
  connect();
  const opening = workspace.onDidOpenTextDocument(connect);
  const granting = workspace.onDidGrantWorkspaceTrust(connect);
  return {
    dispose: () => {
      opening.dispose();
      granting.dispose();
    },
  };
}

/** For the welcome texts of the Runs view. */
function tellState(client: DaemonClient): Disposable {
  void commands.executeCommand("setContext", "loft.daemon", client.state);
  return client.onDidChangeState((state) => void commands.executeCommand("setContext", "loft.daemon", state));
}

function fileIn(folder: Uri, ...parts: readonly string[]): string {
  return Uri.joinPath(folder, ...parts).fsPath;
}
