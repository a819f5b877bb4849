/** What request handlers may use. */
import type { DaemonStatus, Notifications } from "../../schemas/protocol.ts";
import type { Runs } from "../jobs/runs.ts";
import type { Studio } from "../jobs/studio-process.ts";
import type { Watches } from "./watches.ts";

/** Of the daemon as a whole. */
export type Services = {
  readonly runs: Runs;
  /** Plans, replays and single images, in worker processes. */
  readonly studio: Studio;
  readonly status: () => DaemonStatus;
  readonly log: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  /** End the daemon once its runs are saved. */
  readonly shutdown: () => void;
};

/** Of one connection. */
export type Client = {
  readonly watches: Watches;
  readonly notify: <Name extends keyof Notifications>(name: Name, params: Notifications[Name]) => void;
  /** Aborted when the connection is gone. */
  readonly gone: AbortSignal;
  /** Whether summaries of runs are sent to it; asked for by `loft/hello`. */
  isGreeted: boolean;
};
