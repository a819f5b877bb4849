/** Ends the daemon of a test, with everything that it started. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { daemonFiles } from "../../../schemas/discovery.ts";

const patience = 8_000;

/** The process of the daemon in a folder; undefined where there is none. */
export function daemonProcess(folder: string): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(join(folder, daemonFiles.discovery), "utf8"));
    return typeof pid === "number" && isAlive(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Ask it to end; what is left of its process group after a while is killed. */
export async function stopDaemon(folder: string): Promise<void> {
  const pid = daemonProcess(folder);
  if (pid === undefined) return;
  signal(pid, "SIGTERM");
  const deadline = Date.now() + patience;
  while (isAlive(pid) && Date.now() < deadline) await sleep(50);
  signal(-pid, "SIGKILL");
}

/** As the system would do it when memory runs out. */
export function killDaemon(folder: string): number {
  const pid = daemonProcess(folder);
  if (pid === undefined) throw new Error(`There is no daemon in ${folder}.`);
  signal(pid, "SIGKILL");
  return pid;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}
