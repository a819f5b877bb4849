/** The Runs view: what is running, what was interrupted, what is finished. */
import {
  type Disposable,
  EventEmitter,
  l10n,
  MarkdownString,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  window,
  workspace,
} from "vscode";
import type { RunState, RunSummary } from "../../schemas/protocol.ts";
import type { RunArgument } from "../choose-run.ts";
import { describeRun, iconOfState } from "../run-text.ts";
import type { Services } from "../services.ts";

type Group = { readonly group: "running" | "interrupted" | "finished" };
export type RunNode = Group | RunArgument;

const statesOf: Readonly<Record<Group["group"], readonly RunState[]>> = {
  running: ["running", "cancelling", "queued"],
  interrupted: ["interrupted", "failed"],
  finished: ["finished"],
};

/** Progress comes several times a second; the tree follows at this pace. */
const pace = 500;

export function createRunsView(services: Services): Disposable {
  const provider = new RunsTree(services);
  const view = window.createTreeView("loft.runs", { treeDataProvider: provider, showCollapseAll: false });
  const badge = services.runs.onDidChange(() => {
    const live = services.runs.all().filter(({ state }) => state === "running").length;
    view.badge = live === 0 ? undefined : { value: live, tooltip: l10n.t("{0} running", live) };
  });
  return {
    dispose: () => {
      badge.dispose();
      view.dispose();
      provider.dispose();
    },
  };
}

class RunsTree implements TreeDataProvider<RunNode>, Disposable {
  readonly #services: Services;
  readonly #changed = new EventEmitter<undefined>();
  readonly #subscription: Disposable;
  #timer: NodeJS.Timeout | undefined;
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(services: Services) {
    this.#services = services;
    this.#subscription = services.runs.onDidChange(() => this.#schedule());
  }

  async getChildren(node?: RunNode): Promise<RunNode[]> {
    if (node === undefined) return await this.#groups();
    if ("run" in node) return [];
    const states = statesOf[node.group];
    return this.#services.runs
      .all()
      .filter(({ state }) => states.includes(state))
      .map(({ run }) => ({ run }));
  }

  getTreeItem(node: RunNode): TreeItem {
    if ("group" in node) return groupItem(node);
    const run = this.#services.runs.get(node.run);
    return run === undefined ? new TreeItem(node.run) : runItem(run);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  /** Looking at the view is a need for the daemon, where there is a configuration to have runs of. */
  async #groups(): Promise<RunNode[]> {
    const { client, configs, runs, log } = this.#services;
    const isNeeded = workspace.isTrusted && 0 < (await configs.all()).length;
    if (isNeeded && client.state === "stopped") {
      await runs.refresh().catch((error: unknown) => log.error(String(error)));
    }
    const all = runs.all();
    const groups = Object.keys(statesOf) as Group["group"][];
    return groups
      .filter((group) => all.some(({ state }) => statesOf[group].includes(state)))
      .map((group) => ({ group }));
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#changed.fire(undefined);
    }, pace);
  }
}

function groupItem({ group }: Group): TreeItem {
  const labels = {
    running: l10n.t("Running"),
    interrupted: l10n.t("Interrupted"),
    finished: l10n.t("Finished"),
  };
  const item = new TreeItem(labels[group], TreeItemCollapsibleState.Expanded);
  item.id = group;
  item.contextValue = `group.${group}`;
  return item;
}

function runItem(run: RunSummary): TreeItem {
  const item = new TreeItem(run.name);
  item.id = run.run;
  item.description = describeRun(run);
  item.iconPath = new ThemeIcon(iconOfState(run.state), colorOf(run.state));
  item.contextValue = contextOf(run);
  item.tooltip = tooltipOf(run);
  item.accessibilityInformation = { label: l10n.t("Run {0}, {1}", run.name, describeRun(run)) };
  const argument: RunArgument = { run: run.run };
  item.command = hasResults(run)
    ? { command: "loft.openResults", title: l10n.t("Open Results"), arguments: [argument] }
    : { command: "loft.showSamples", title: l10n.t("Show Samples"), arguments: [argument] };
  return item;
}

/** For the menus: "run.finished", "run.running.results". */
function contextOf(run: RunSummary): string {
  const state = run.state === "queued" || run.state === "cancelling" ? "running" : run.state;
  return `run.${state}${hasResults(run) ? ".results" : ""}`;
}

/** The table is there from the moment in which classifiers are trained. */
function hasResults({ work, state, progress }: RunSummary): boolean {
  return work === "evaluate" && (state === "finished" || progress?.stage === "evaluating");
}

function colorOf(state: RunState): ThemeColor | undefined {
  if (state === "finished") return new ThemeColor("testing.iconPassed");
  if (state === "failed") return new ThemeColor("testing.iconFailed");
  return undefined;
}

function tooltipOf(run: RunSummary): MarkdownString {
  const tooltip = new MarkdownString();
  tooltip.appendText(`${run.name}: ${describeRun(run)}\n`);
  tooltip.appendText(`${workspace.asRelativePath(run.folder)}\n`);
  if (run.error !== undefined) tooltip.appendText(`${run.error.what} ${run.error.fix}`);
  return tooltip;
}
