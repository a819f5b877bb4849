/** Runs once before all tests: the `loft` command that some tests start as a process is built from the sources as they are. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Sources that cannot be bundled fail only the tests that need the bundle: they find the reason in this variable. */
export const buildFailure = "LOFT_TEST_BUILD_FAILURE";

export function setup(): void {
  const script = fileURLToPath(new URL("../../setup.mjs", import.meta.url));
  const result = spawnSync(process.execPath, [script, "--quiet"], { encoding: "utf8" });
  process.env[buildFailure] = result.status === 0 ? "" : `${result.stdout}${result.stderr}`;
}
