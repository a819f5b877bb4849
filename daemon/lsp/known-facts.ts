/** What is known at this moment of the world around one document. A value: features never wait for a disk. */
import type { PlanCost } from "../../schemas/protocol.ts";
import type { ClassFacts, DataFacts, ModelFacts } from "../config/facts.ts";

/** Everything may be missing: not asked yet, not answered yet, or not a document on a disk. */
export type KnownFacts = {
  readonly data?: DataFacts;
  readonly model?: ModelFacts;
  /** `isCurrent`: of the values that the text has now, not only of those it had when it was saved. */
  readonly cost?: { readonly plan: PlanCost; readonly isCurrent: boolean };
  /** Whether the file of captions is there. */
  readonly hasCaptions?: boolean;
  /** Memory of this machine in bytes. */
  readonly memoryBytes?: number;
};

/** The class folders that hold photos. */
export function classesWithPhotos({ data }: KnownFacts): readonly ClassFacts[] {
  if (data?.state !== "folder") return [];
  const classes = filledClasses.get(data) ?? data.classes.filter(({ photoCount }) => 0 < photoCount);
  filledClasses.set(data, classes);
  return classes;
}

/** Of each answer of the disk: it stays the same over many keystrokes. */
const filledClasses = new WeakMap<DataFacts, readonly ClassFacts[]>();
