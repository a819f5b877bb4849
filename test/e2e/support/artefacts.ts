/** What is left of a test for people to look at, in test/e2e/artefacts/ (not in git): screenshots and logs. */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { daemonFiles } from "../../../schemas/discovery.ts";
import { root } from "./root.ts";
import type { RunFolder } from "./run-folder.ts";

const folder = join(root, "test", "e2e", "artefacts");

/** Where an artefact goes; its folder is made. */
export function artefact(...parts: readonly string[]): string {
  const path = join(folder, ...parts);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

/** Logs of the server, the extension host, the extension and the daemon. */
export function keepLogs({ scratch, daemonFolder }: RunFolder, name: string): void {
  const target = artefact("logs", name);
  rmSync(target, { recursive: true, force: true });
  const daemonLogs = [daemonFiles.log, daemonFiles.output].map((file) => join(daemonFolder, file)).filter(existsSync);
  for (const file of [...logsUnder(scratch), ...daemonLogs]) {
    const place = file.startsWith(scratch) ? relative(scratch, file) : relative(dirname(daemonFolder), file);
    cpSync(file, join(target, place.split(sep).slice(-3).join("-")), { force: true, recursive: true });
  }
}

function logsUnder(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".log"))
    .map((entry) => join(entry.parentPath, entry.name));
}
