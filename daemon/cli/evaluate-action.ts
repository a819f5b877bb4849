/** What `loft evaluate` does. It is loaded only when the command runs: it brings the runtime. */
import { basename, join, resolve } from "node:path";
import { evaluationText } from "../jobs/evaluate-report.ts";
import { evaluate } from "../jobs/evaluate-run.ts";
import type { ActionContext, ActionResult } from "./actions.ts";
import { shownPath } from "./result-text.ts";

export type EvaluateRequest = { readonly config: string; readonly reference?: string; readonly device?: string };

/** Evaluate; the result is the table. */
export async function evaluateAction(
  { config, reference, device }: EvaluateRequest,
  context: ActionContext,
): Promise<ActionResult> {
  const { workingFolder, packageFolder, signal, emit } = context;
  const { results, folder } = await evaluate({
    configFile: resolve(workingFolder, config),
    modelsFolder: join(packageFolder, "models"),
    onlyClasses: [],
    command: `loft generate ${basename(config)}`,
    ...{ signal, emit },
    ...(reference === undefined ? {} : { reference }),
    ...(device === undefined ? {} : { device }),
  });
  const shown = shownPath(context, folder);
  return { text: evaluationText(results, shown), json: { type: "results", folder: shown, results } };
}
