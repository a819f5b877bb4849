/** The sessions of a kind of classifier: made when they are first needed, shared by all that an evaluation trains and asks. */
import type { ClassifierJudge, ClassifierKind, ClassifierTrainer, TrainingLength } from "../eval/classifier.ts";
import { keepLatest, type Releasable } from "./keep-latest.ts";

/** Pictures that are judged at once. */
export const judgedAtOnce = 16;

export type ClassifierSessions = Releasable & {
  /** Of the trainers only the latest one stays in memory. */
  readonly trainer: (rows: number) => Promise<ClassifierTrainer>;
  readonly judge: () => Promise<ClassifierJudge>;
};

/** Release what this makes. */
export function classifierSessions(kind: ClassifierKind, length: TrainingLength): ClassifierSessions {
  const trainers = keepLatest((rows) => kind.createTrainer(length, rows));
  const judges = keepLatest(() => kind.createJudge(judgedAtOnce));
  return {
    trainer: (rows) => trainers.forRows(rows),
    judge: () => judges.forRows(1),
    release: async () => {
      await trainers.release();
      await judges.release();
    },
  };
}
