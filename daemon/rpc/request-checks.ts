/** The form of each request's parameters. */
import type { RequestName, Requests } from "../../schemas/protocol.ts";
import {
  absolutePath,
  adapterId,
  boolean,
  type Check,
  configPath,
  integer,
  list,
  matching,
  number,
  object,
  oneOf,
  optional,
  orNull,
  runId,
  sampleFile,
  text,
} from "./parameters.ts";

const aConfig = object({ config: configPath });
const aRun = object({ run: runId });
const aSample = object({ run: runId, file: sampleFile });
const nothing = object({});
const className = text(1_000);
const device = optional(matching(/^[a-z0-9]{1,20}$/, "the name of a device"));

/** Ninety days in seconds: longer than any run. */
const longest = 90 * 24 * 3600;

/** A check for every request, by its name. */
export const requestChecks: { readonly [Name in RequestName]: Check<Requests[Name]["params"]> } = {
  "loft/hello": object({ version: text(100), protocolVersion: integer(0, 1_000_000) }),
  "loft/status": nothing,
  "loft/newConfig": object({ folder: absolutePath }),
  "loft/planCost": aConfig,
  "loft/planText": aConfig,
  "loft/start": object({
    config: configPath,
    part: optional(oneOf("everything", "adapters", "images")),
    keepGoing: optional(boolean),
    onlyClasses: optional(list(className, 10_000)),
    device,
    output: optional(absolutePath),
    checkpointSeconds: optional(number(0, longest)),
  }),
  "loft/evaluate": object({
    config: configPath,
    device,
    reference: optional(text(200)),
    checkpointSeconds: optional(number(0, longest)),
  }),
  "loft/cancel": aRun,
  "loft/runs": object({ configs: list(configPath, 1_000) }),
  "loft/openRun": object({ folder: absolutePath }),
  "loft/watch": object({ run: runId, after: optional(integer(0)) }),
  "loft/unwatch": aRun,
  "loft/samples": object({
    run: runId,
    className: optional(className),
    offset: integer(0),
    limit: integer(0, 1_000),
  }),
  "loft/manifestRow": aSample,
  "loft/losses": aRun,
  "loft/fuse": object({
    run: runId,
    className,
    adapters: list(object({ adapterId, weight: number(-10, 10) }), 16),
    seed: integer(0),
  }),
  "loft/replay": aSample,
  "loft/curate": object({ run: runId, file: sampleFile, verdict: orNull(oneOf("keep", "reject")) }),
  "loft/deleteRun": aRun,
  "loft/shutdown": object({ drain: boolean }),
  "loft/report": nothing,
};
