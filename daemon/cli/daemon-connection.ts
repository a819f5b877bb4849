/** The daemon as commands reach it: of this user, on this machine, from this installation. */
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { daemonFolder } from "../../schemas/discovery.ts";
import { connectDaemon, type DaemonClient } from "../rpc/client.ts";
import type { CliContext } from "./context.ts";

export type DaemonPlaces = Pick<CliContext, "environment" | "packageFolder">;

/** The folder of this user's daemon. */
export function daemonFolderOf({ environment }: DaemonPlaces): string {
  return daemonFolder(environment, { home: homedir(), hostname: hostname(), platform: process.platform });
}

/** The daemon that is there; undefined when none answers. */
export async function findDaemon(places: DaemonPlaces): Promise<DaemonClient | undefined> {
  return connectDaemon({ folder: daemonFolderOf(places) });
}

/**
 * The daemon, started where none answers.
 * @throws LoftError "daemon-unreachable", "daemon-version"
 */
export async function ensureDaemon(places: DaemonPlaces): Promise<DaemonClient> {
  const script = join(places.packageFolder, "dist", "daemon.js");
  return (await connectDaemon({ folder: daemonFolderOf(places), script })) as DaemonClient;
}
