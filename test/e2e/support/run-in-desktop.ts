/** The tests of test/e2e/in-host in a desktop VS Code that @vscode/test-electron downloads; needs a display. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { runTests } from "@vscode/test-electron";
import { daemonFolderVariable } from "../../../schemas/discovery.ts";
import type { HostTest } from "../in-host/suite.ts";
import { root } from "./root.ts";
import type { RunFolder } from "./run-folder.ts";
import { bundleSuite } from "./run-in-host.ts";

/** Throws, and says why, when VS Code cannot be downloaded or started, or no test ran. */
export async function runInDesktop(folder: RunFolder): Promise<readonly HostTest[]> {
  const report = join(folder.scratch, "report.json");
  const extensionTestsPath = await bundleSuite();
  const failure = await runTests({
    extensionDevelopmentPath: root,
    extensionTestsPath,
    launchArgs: [folder.workspace, "--disable-extensions", "--disable-workspace-trust"],
    extensionTestsEnv: { LOFT_HOST_REPORT: report, [daemonFolderVariable]: folder.daemonFolder },
  }).then(
    () => undefined,
    (error: unknown) => error,
  );
  // A failing test is told by the report; without one the editor itself did not come so far.
  if (existsSync(report)) return JSON.parse(readFileSync(report, "utf8"));
  const reason = failure instanceof Error ? failure.message : String(failure ?? "it ended without a report");
  throw new Error(
    `No test ran in a desktop VS Code: ${reason}. Downloading it needs the network, showing it a display (xvfb-run); without them leave E2E_HOST out.`,
    { cause: failure },
  );
}
