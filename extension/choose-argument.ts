/** The configuration that a command is about, from whatever called it: a menu, a code lens, the tree, or nothing. */
import { Uri } from "vscode";
import { chooseConfig, isConfig } from "./config-files.ts";
import type { Services } from "./services.ts";

/**
 * @param argument a Uri (menus), a Uri or path as text (code lenses), or anything else to ask the user
 * @throws ShownError "config-missing" when there is none, CancellationError when the user picks none
 */
export async function configOf(argument: unknown, { configs }: Services): Promise<Uri> {
  const named = uriOf(argument);
  return named !== undefined && isConfig(named) ? named : await chooseConfig(configs);
}

/** The file or folder that a menu, a code lens or a test names. */
export function uriOf(argument: unknown): Uri | undefined {
  if (argument instanceof Uri) return argument;
  if (typeof argument !== "string" || argument === "") return undefined;
  return argument.startsWith("file:") ? Uri.parse(argument, true) : Uri.file(argument);
}
