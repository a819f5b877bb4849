/** LoFT: Show Results as Text, in the title of the results editor. */
import { commands, Uri, window } from "vscode";
import { uriOf } from "../choose-argument.ts";
import { chooseResults, isResults } from "../results-files.ts";
import type { Services } from "../services.ts";

/** Open the file behind a results table in the text editor. */
export async function showResultsAsText(_services: Services, argument: unknown): Promise<void> {
  const named = uriOf(argument) ?? activeResults();
  const uri = named !== undefined && isResults(named) ? named : await chooseResults();
  await commands.executeCommand("vscode.openWith", uri, "default");
}

/** The file of the custom editor in front. */
function activeResults(): Uri | undefined {
  const input = window.tabGroups.activeTabGroup.activeTab?.input;
  return typeof input === "object" && input !== null && "uri" in input && input.uri instanceof Uri
    ? input.uri
    : undefined;
}
