/** A configuration file with those it extends, read and checked; needs neither photos nor model, so that the daemon can read it too. */
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { loftError } from "../base/errors.ts";
import { fileErrorCode } from "../base/file-errors.ts";
import type { BaseText } from "../config/facts.ts";
import { type BaseFile, type Inheritance, inherit, withInheritedOrigins } from "../config/inheritance.ts";
import { type ParsedConfig, parseConfig } from "../config/parse.ts";
import type { MethodName } from "../config/preset.ts";
import { formatProblem, hasErrors, type Problem } from "../config/problem.ts";
import { type Resolution, resolveConfig } from "../config/resolve.ts";
import { validateConfig } from "../config/validate.ts";
import { choosePreset } from "../pipeline/presets.ts";

/**
 * Read and check a configuration file.
 * @param file absolute
 * @param method instead of the one that the file names
 * @throws LoftError "config-missing", "config-invalid" with all problems at once
 */
export async function readConfigFile(
  file: string,
  method?: MethodName,
): Promise<{ readonly resolution: Resolution; readonly problems: readonly Problem[] }> {
  const parsed = parseConfig(await readOwnText(file));
  const inheritance = await readBases(parsed, file);
  const { config, problems } = validateConfig(parsed, choosePreset, inheritance);
  if (config === undefined || hasErrors(problems)) {
    const list = problems.map((problem) => formatProblem(basename(file), problem)).join("\n");
    throw loftError("config-invalid", {
      what: `The configuration has problems.\n${list}`,
      fix: "Mend them and run again.",
    });
  }
  const asked = method === undefined ? config : { ...config, method };
  const resolution = resolveConfig(asked, choosePreset(asked.preset, asked.model, asked.method), basename(file));
  return { resolution: withInheritedOrigins(resolution, inheritance), problems };
}

/** A configuration that is larger than this is another file, given by mistake. */
const mostBytes = 64e6;

/** The text of a configuration that another one extends, or why there is none. Never throws. */
export async function readBaseText(file: string): Promise<BaseText> {
  try {
    // A device or a pipe would be read forever.
    const found = await stat(file);
    if (!found.isFile()) return { failure: "unreadable" };
    if (mostBytes < found.size) return { failure: "too-large" };
    return { text: await readFile(file, "utf8") };
  } catch (error) {
    const code = fileErrorCode(error);
    return { failure: code === "ENOENT" || code === "ENOTDIR" ? "missing" : "unreadable", ...(code && { code }) };
  }
}

async function readOwnText(file: string): Promise<string> {
  const found = await readBaseText(file);
  if ("text" in found) return found.text;
  const reasons = { missing: "ENOENT", unreadable: "not a file", "too-large": "more than 64 MB" } as const;
  throw loftError("config-missing", {
    what: `The configuration ${basename(file)} cannot be read (${found.code ?? reasons[found.failure]}).`,
    fix: "Check the path. `loft init FOLDER` writes a configuration for a folder of photos.",
  });
}

/** Read one base after the other, until the chain is known. */
async function readBases(parsed: ParsedConfig, file: string): Promise<Inheritance> {
  const known = new Map<string, BaseFile>();
  for (;;) {
    const inheritance = inherit(parsed, file, (base) => known.get(base));
    const { wanted } = inheritance;
    if (wanted === undefined) return inheritance;
    const found = await readBaseText(wanted);
    known.set(wanted, "text" in found ? { parsed: parseConfig(found.text) } : found);
  }
}
