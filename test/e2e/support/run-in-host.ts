/** Runs the tests of test/e2e/in-host inside an extension host and brings back what they found. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import type { HostTest } from "../in-host/suite.ts";
import { keepLogs } from "./artefacts.ts";
import { launchBrowser, newPage } from "./browser.ts";
import { root } from "./root.ts";
import type { RunFolder } from "./run-folder.ts";
import { startServer } from "./server.ts";

const longest = 400_000;

const tests = "test/e2e/in-host/suite.ts";

/** The suite as one file that the extension host can load; mocha comes from this project. */
export async function bundleSuite(entry = tests): Promise<string> {
  const outfile = join(root, ".vscode-test", "in-host", "suite.cjs");
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20.9",
    external: ["vscode", "mocha"],
    sourcemap: "inline",
    logLevel: "warning",
  });
  return outfile;
}

/**
 * In the workbench's server. What the suite reports: every test's outcome; throws when it reported nothing, for an
 * extension host that crashes ends with 0.
 * @param entry exports `run`, which writes its report as JSON to the file that LOFT_HOST_REPORT names
 */
export async function runInServer<Report = readonly HostTest[]>(folder: RunFolder, entry = tests): Promise<Report> {
  const suite = await bundleSuite(entry);
  const report = join(folder.scratch, "report.json");
  const server = await startServer(folder, {
    inHost: true,
    extensionsFolder: join(folder.scratch, "no-extensions"),
    environment: { LOFT_HOST_REPORT: report },
  });
  const browser = await launchBrowser();
  try {
    const { page } = await newPage(browser);
    const heard: string[] = [];
    page.on("console", (message) => heard.push(message.text()));
    const ended = new Promise<number>((resolve) => {
      void page.exposeFunction("codeAutomationExit", (code: number) => resolve(code));
    });
    await page.exposeFunction("codeAutomationLog", () => undefined);
    const address = (path: string): string => `vscode-remote://127.0.0.1:${server.port}${path}`;
    const payload = [
      ["extensionDevelopmentPath", address(root)],
      ["extensionTestsPath", address(suite)],
    ];
    const query = new URLSearchParams({ folder: folder.workspace, payload: JSON.stringify(payload) });
    await page.goto(`${server.url}/?${query}`);
    await Promise.race([ended, sleep(longest, undefined, { ref: false })]);
    if (!existsSync(report)) throw new Error(`No test ran. The page said:\n${heard.slice(-40).join("\n")}`);
    return JSON.parse(readFileSync(report, "utf8"));
  } finally {
    await browser.close();
    await server.stop();
    keepLogs(folder, "in-host");
  }
}
