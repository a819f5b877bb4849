/** What `loft evaluate` does. It is loaded only when the command runs: it brings the runtime. */
import { basename, join, resolve } from "node:path";
import type { LoftResults } from "../../schemas/results.ts";
import type { LoftError } from "../base/errors.ts";
import { evaluateDatasets } from "../jobs/evaluate-datasets.ts";
import { evaluationText } from "../jobs/evaluate-report.ts";
import { evaluate } from "../jobs/evaluate-run.ts";
import { runIncomplete } from "../jobs/run-job.ts";
import type { ActionContext, ActionResult } from "./actions.ts";
import { given } from "./command.ts";
import { shownPath } from "./result-text.ts";

export type EvaluateRequest = {
  /** One for each dataset. */
  readonly configs: readonly string[];
  readonly reference?: string;
  readonly device?: string;
  readonly checkpointSeconds?: number;
  /** Where the table over several datasets goes. */
  readonly output?: string;
};

/** Evaluate; the result is the table. */
export async function evaluateAction(request: EvaluateRequest, context: ActionContext): Promise<ActionResult> {
  const { configs, reference, device, checkpointSeconds, output = "results" } = request;
  const { workingFolder, packageFolder, signal, emit } = context;
  const options = {
    modelsFolder: join(packageFolder, "models"),
    onlyClasses: [],
    ...{ signal, emit },
    ...given({ reference, device, checkpointSeconds }),
  };
  const files = configs.map((config) => resolve(workingFolder, config));
  const [configFile] = files as [string];
  if (1 < files.length) {
    const folder = resolve(workingFolder, output);
    const { results, failures } = await evaluateDatasets({ ...options, configFiles: files, folder });
    return shown(context, folder, { results, failures });
  }
  const command = `loft generate ${basename(configFile)}`;
  const { results, folder, lost } = await evaluate({ ...options, configFile, command });
  return shown(context, folder, { results, failures: lost });
}

type Outcome = { readonly results: LoftResults; readonly failures: ReadonlyMap<string, LoftError> };

function shown(context: ActionContext, folder: string, { results, failures }: Outcome): ActionResult {
  const place = shownPath(context, folder);
  const result = { text: evaluationText(results, place), json: { type: "results", folder: place, results } };
  return failures.size === 0 ? result : { ...result, failure: runIncomplete(failures) };
}
