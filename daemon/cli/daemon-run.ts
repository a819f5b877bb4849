/** `loft generate --daemon`: the same run, in the daemon; this command only shows it. */
import { resolve } from "node:path";
import type { StartParams } from "../../schemas/protocol.ts";
import type { ActionContext, ActionResult, RunRequest } from "./actions.ts";
import type { DaemonPlaces } from "./daemon-connection.ts";
import { followInDaemon } from "./follow-in-daemon.ts";
import { finishedText, shownPath } from "./result-text.ts";

/**
 * Start a run in the daemon and follow it to its end.
 * @throws LoftError as `followInDaemon`
 */
export async function daemonRunAction(
  request: RunRequest,
  context: ActionContext,
  places: DaemonPlaces,
): Promise<ActionResult> {
  const params = startParams(request, context);
  const summary = await followInDaemon((client) => client.request("loft/start", params), context, places);
  const shown = shownPath(context, summary.folder);
  const { adaptersDone, imagesDone } = summary.progress ?? { adaptersDone: 0, imagesDone: 0 };
  return {
    text: finishedText(request, shown),
    json: { run: shown, adapters: adaptersDone, images: imagesDone },
  };
}

function startParams(request: RunRequest, { workingFolder }: ActionContext): StartParams {
  const { config, part, keepGoing, onlyClasses, output, device, checkpointSeconds } = request;
  return {
    ...{ config: resolve(workingFolder, config), part, keepGoing, onlyClasses },
    ...(output === undefined ? {} : { output: resolve(workingFolder, output) }),
    ...(device === undefined ? {} : { device }),
    ...(checkpointSeconds === undefined ? {} : { checkpointSeconds }),
  };
}
