/** The tests of test/e2e/in-host in a desktop VS Code that @vscode/test-electron downloads; needs a display. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runTests } from "@vscode/test-electron";
import { daemonFolderVariable } from "../../../schemas/discovery.ts";
import type { HostTest } from "../in-host/suite.ts";
import { root } from "./root.ts";
import type { RunFolder } from "./run-folder.ts";
import { bundleSuite } from "./run-in-host.ts";

/** Throws when VS Code cannot be downloaded or no test ran. */
export async function runInDesktop(folder: RunFolder): Promise<readonly HostTest[]> {
  const report = join(folder.scratch, "report.json");
  const extensionTestsPath = await bundleSuite();
  await runTests({
    extensionDevelopmentPath: root,
    extensionTestsPath,
    launchArgs: [folder.workspace, "--disable-extensions", "--disable-workspace-trust"],
    extensionTestsEnv: { LOFT_HOST_REPORT: report, [daemonFolderVariable]: folder.daemonFolder },
    // A failing test is told by the report.
  }).catch(() => undefined);
  return JSON.parse(readFileSync(report, "utf8"));
}
