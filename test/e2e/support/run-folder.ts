/** A temporary folder for one test: a workspace with a few photos and a small configuration, and a daemon of its own. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "./root.ts";
import { stopDaemon } from "./stop-daemon.ts";

export type RunFolder = {
  /** The folder that the workbench opens. */
  readonly workspace: string;
  /** `shoes.loft.json` in it. */
  readonly config: string;
  readonly daemonFolder: string;
  /** For servers and their data. */
  readonly scratch: string;
  remove(): Promise<void>;
};

/** A run that is over within seconds: loft-mini, one class or more, a few steps. */
export const quickConfig = {
  name: "shoes",
  data: { folder: "photos", shots: 2 },
  training: { steps: 6 },
  sampling: { imagesPerClass: 4, steps: 3 },
};

/** A run that no machine ends before it was looked at, cancelled and lost. */
export const longConfig = {
  ...quickConfig,
  training: { steps: 60 },
  sampling: { imagesPerClass: 400, steps: 20, batchSize: 2 },
};

export function makeRunFolder(
  config: object | null = quickConfig,
  classes: readonly string[] = ["car", "cat"],
): RunFolder {
  // Short, because a socket's path may have 100 bytes at most.
  const folder = mkdtempSync(join(tmpdir(), "loft-"));
  const workspace = join(folder, "workspace");
  const daemonFolder = join(folder, "d");
  const scratch = join(folder, "scratch");
  for (const path of [workspace, daemonFolder, scratch]) mkdirSync(path, { mode: 0o700 });
  if (classes.length !== 0) copyPhotos(join(workspace, "photos"), classes);
  const file = join(workspace, "shoes.loft.json");
  if (config !== null) writeFileSync(file, `${JSON.stringify(config, undefined, 2)}\n`);
  return {
    workspace,
    config: file,
    daemonFolder,
    scratch,
    remove: async () => {
      await stopDaemon(daemonFolder);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function copyPhotos(target: string, classes: readonly string[]): void {
  const source = join(root, "examples", "quick-start", "train");
  for (const name of classes) {
    mkdirSync(join(target, name), { recursive: true });
    const photos = readdirSync(join(source, name)).filter((file) => file.endsWith(".png"));
    for (const file of photos.sort().slice(0, 4)) cpSync(join(source, name, file), join(target, name, file));
  }
}
