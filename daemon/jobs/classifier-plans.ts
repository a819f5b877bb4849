/** What each classifier of an evaluation answers and trains for its part of the table. */
import { fillTemplate } from "../config/template.ts";
import { type Cell, type EvaluationInputs, planEvaluation, type SyntheticSet } from "./evaluate-plan.ts";
import { taskGroups } from "./evaluate-tasks.ts";
import type { PreparedEvaluation } from "./prepare-evaluation.ts";
import type { TrainedClassifier } from "./trained-classifier.ts";

/** The part of the table that one classifier fills. */
export type ClassifierPlan = { readonly trained: TrainedClassifier; readonly cells: readonly Cell[] };

export function classifierPlans(
  prepared: PreparedEvaluation,
  sets: readonly SyntheticSet[],
): readonly ClassifierPlan[] {
  return prepared.trained.map((trained) => ({
    trained,
    cells: planEvaluation(evaluationInputs(prepared, trained, sets)),
  }));
}

export function cellsOf(planned: readonly ClassifierPlan[]): readonly Cell[] {
  return planned.flatMap(({ cells }) => cells);
}

/** What is trained: zero-shot answers need no training. */
export function groupsOf(cells: readonly Cell[]) {
  const trained = cells.filter(({ kind }) => kind !== "zero-shot");
  return trained.flatMap((cell) => taskGroups(cell).map((group) => ({ cell, group })));
}

function evaluationInputs(
  prepared: PreparedEvaluation,
  { label, clip = prepared.eye, kind, rows, length }: TrainedClassifier,
  sets: readonly SyntheticSet[],
): EvaluationInputs {
  const { own, photos, test, validation } = prepared;
  const { config } = own.resolution;
  const names = own.dataset.classes.map(({ className }) => className);
  return {
    label,
    config: { ...config.evaluation, ...length, rows },
    runSeed: config.seed,
    clip: clip.sha256,
    classifier: kind.identity,
    classes: names.length,
    templates: classTemplates(prepared),
    ...{ photos, sets, test, validation },
  };
}

/** The prompts of zero-shot classification, for each class. */
export function classTemplates({ own }: Pick<PreparedEvaluation, "own">): readonly (readonly string[])[] {
  const { prompt, evaluation } = own.resolution.config;
  return own.dataset.classes.map(({ className }) =>
    evaluation.templates.map((template) => fillTemplate(template, { className, domain: prompt.domain })),
  );
}
