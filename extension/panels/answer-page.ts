/** What the Samples page may ask for, each passed on to the daemon or done in the editor. */
import { commands, env, Uri } from "vscode";
import type { RunSummary } from "../../schemas/protocol.ts";
import type { PageRequest, PageRequestName, PageResult } from "../../webviews/samples/protocol.ts";
import { configOfRun } from "../commands/resume-run.ts";
import { queueEvaluation, queueRun } from "../start-run.ts";
import type { SamplesPanelOptions } from "./samples-panel.ts";

/** Rejects with whatever the daemon rejects with. */
export async function answerPage(
  request: PageRequest,
  { client, runs, run: shown, log }: SamplesPanelOptions,
): Promise<PageResult<PageRequestName>> {
  const { run } = shown;
  switch (request.name) {
    case "samples":
      return await client.request("loft/samples", { run, ...request.params });
    case "losses":
      return await client.request("loft/losses", { run });
    case "fuse":
      return await client.request("loft/fuse", { run, ...request.params });
    case "replay":
      return await client.request("loft/replay", { run, ...request.params });
    case "curate":
      return await client.request("loft/curate", { run, ...request.params });
    case "copyRow": {
      const { row } = await client.request("loft/manifestRow", { run, ...request.params });
      await env.clipboard.writeText(row);
      return null;
    }
    case "openImage": {
      const image = Uri.joinPath(Uri.file(shown.folder), ...request.params.file.split("/"));
      await commands.executeCommand("vscode.open", image, { preview: true });
      return null;
    }
    case "cancel":
      runs.update(await client.request("loft/cancel", { run }));
      return null;
    case "resume":
      await goOn({ client, runs }, runs.get(run) ?? shown);
      return null;
    case "openResults":
      await commands.executeCommand("loft.openResults", { run });
      return null;
    case "showLog":
      log.show();
      return null;
  }
}

async function goOn(services: Pick<SamplesPanelOptions, "client" | "runs">, run: RunSummary): Promise<void> {
  const config = configOfRun(run);
  await (run.work === "evaluate" ? queueEvaluation(services, config) : queueRun(services, config));
}
