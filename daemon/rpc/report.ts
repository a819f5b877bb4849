/** What somebody who helps needs to know of a daemon, as text; no path, name or address of the user. */
import { arch, availableParallelism, platform, release, totalmem } from "node:os";
import type { DaemonStatus } from "../../schemas/protocol.ts";

/** A few lines of versions and counts. */
export function reportText({ version, protocolVersion, startedAt, clients, running, queued }: DaemonStatus): string {
  const electron = process.versions.electron;
  return [
    `LoFT ${version}, protocol ${protocolVersion}`,
    `Node ${process.versions.node}${electron === undefined ? "" : ` in Electron ${electron}`}`,
    `${platform()} ${release()} ${arch()}, ${availableParallelism()} cores, ${(totalmem() / 1e9).toFixed(1)} GB of memory`,
    `daemon since ${startedAt}: ${clients} clients, ${running} runs at work, ${queued} waiting`,
    `memory of the daemon ${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`,
  ].join("\n");
}
