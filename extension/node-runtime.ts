/** Which Node.js runs the daemon: the one that the user names, the one inside the editor, or the one on the path. */
import { execFile } from "node:child_process";
import { l10n } from "vscode";
import { ShownError } from "./loft-error.ts";

export type NodeRuntime = {
  readonly program: string;
  /** What makes the editor's own program behave as Node; empty for a plain Node. */
  readonly environment: Readonly<Record<string, string>>;
};

const oldest = [20, 9] as const;
const probeMilliseconds = 10_000;

/**
 * The first candidate that starts and is new enough.
 * @param chosen the setting `loft.daemon.nodePath`; empty when the user named none
 * @throws ShownError "node-invalid" when the named program does not do, "node-missing" when there is none
 */
export async function findNode(chosen: string): Promise<NodeRuntime> {
  if (chosen !== "") {
    const runtime = { program: chosen, environment: {} };
    if (await isNewEnough(runtime)) return runtime;
    throw new ShownError({
      code: "node-invalid",
      what: l10n.t("{0} is not a Node.js of version 20.9 or newer.", chosen),
      fix: l10n.t("Correct or clear the setting loft.daemon.nodePath."),
    });
  }
  for (const runtime of candidates()) if (await isNewEnough(runtime)) return runtime;
  throw new ShownError({
    code: "node-missing",
    what: l10n.t("No Node.js of version 20.9 or newer was found to run LoFT's daemon."),
    fix: l10n.t("Install Node.js, or name it in the setting loft.daemon.nodePath."),
  });
}

function candidates(): readonly NodeRuntime[] {
  return [
    { program: process.execPath, environment: { ELECTRON_RUN_AS_NODE: "1" } },
    { program: "node", environment: {} },
  ];
}

function isNewEnough({ program, environment }: NodeRuntime): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { env: { ...plainEnvironment(), ...environment }, timeout: probeMilliseconds };
    execFile(program, ["-p", "process.versions.node"], options, (error, stdout) => {
      if (error !== null) return resolve(false);
      const [major = 0, minor = 0] = stdout.trim().split(".").map(Number);
      resolve(oldest[0] < major || (major === oldest[0] && oldest[1] <= minor));
    });
  });
}

/** The environment without what the editor put into it for itself: programs started below would misbehave. */
export function plainEnvironment(): Readonly<Record<string, string>> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !entry[0].startsWith("VSCODE_") && entry[0] !== "ELECTRON_RUN_AS_NODE",
  );
  return Object.fromEntries(entries);
}
