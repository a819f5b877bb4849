/** A configuration file, read and checked; needs neither photos nor model, so that the daemon can read it too. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { loftError } from "../base/errors.ts";
import { fileErrorCode } from "../base/file-errors.ts";
import { parseConfig } from "../config/parse.ts";
import type { MethodName } from "../config/preset.ts";
import { formatProblem, hasErrors, type Problem } from "../config/problem.ts";
import { type Resolution, resolveConfig } from "../config/resolve.ts";
import { validateConfig } from "../config/validate.ts";
import { choosePreset } from "../pipeline/presets.ts";

/**
 * Read and check a configuration file.
 * @param method instead of the one that the file names
 * @throws LoftError "config-missing", "config-invalid" with all problems at once
 */
export async function readConfigFile(
  file: string,
  method?: MethodName,
): Promise<{ readonly resolution: Resolution; readonly problems: readonly Problem[] }> {
  const text = await readFile(file, "utf8").catch((cause) => {
    throw loftError("config-missing", {
      what: `The configuration ${basename(file)} cannot be read (${fileErrorCode(cause) ?? "unknown reason"}).`,
      fix: "Check the path. `loft init FOLDER` writes a configuration for a folder of photos.",
      cause,
    });
  });
  const { config, problems } = validateConfig(parseConfig(text), choosePreset);
  if (config === undefined || hasErrors(problems)) {
    const list = problems.map((problem) => formatProblem(basename(file), problem)).join("\n");
    throw loftError("config-invalid", {
      what: `The configuration has problems.\n${list}`,
      fix: "Mend them and run again.",
    });
  }
  const asked = method === undefined ? config : { ...config, method };
  return {
    resolution: resolveConfig(asked, choosePreset(asked.preset, asked.model, asked.method), basename(file)),
    problems,
  };
}
