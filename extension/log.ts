/** The "LoFT" output channel: what the extension did, with levels that the user chooses in the editor. */
import { type LogOutputChannel, window } from "vscode";

export type Log = LogOutputChannel;

export function createLog(): Log {
  return window.createOutputChannel("LoFT", { log: true });
}
