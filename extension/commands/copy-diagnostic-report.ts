/** LoFT: Copy Diagnostic Report. */
import { version as editorVersion, env, l10n, UIKind, window, workspace } from "vscode";
import { describeError } from "../loft-error.ts";
import type { Services } from "../services.ts";

/** Put versions and states into the clipboard; no path and no name of the user's. */
export async function copyDiagnosticReport(services: Services): Promise<string> {
  const text = [...ownLines(services), "", await daemonLines(services)].join("\n");
  await env.clipboard.writeText(text);
  void window.showInformationMessage(
    l10n.t("The report is in the clipboard. It holds versions, no paths and no names."),
  );
  return text;
}

function ownLines({ client, runs, version }: Services): readonly string[] {
  const kind = env.uiKind === UIKind.Web ? "web" : "desktop";
  const states = runs.all().map(({ state }) => state);
  return [
    `LoFT extension ${version}`,
    `${env.appName} ${editorVersion} (${kind}${env.remoteName === undefined ? "" : ", remote"})`,
    `Node ${process.versions.node} in the extension host, ${process.platform}-${process.arch}`,
    `workspace: ${workspace.isTrusted ? "trusted" : "Restricted Mode"}`,
    `daemon: ${client.state}`,
    `runs: ${states.length === 0 ? "none" : states.join(", ")}`,
  ];
}

async function daemonLines({ client }: Services): Promise<string> {
  try {
    return (await client.request("loft/report", {})).text;
  } catch (error) {
    const { code } = describeError(error);
    return `no report from the daemon: ${code}`;
  }
}
