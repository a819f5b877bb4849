/** The contract of a method: which adapters to train and which images to sample. Pure: a method cannot do I/O. */
import type { AdapterTask, ImageTask, PlanContext } from "../plan.ts";

export type Method = {
  readonly id: string;
  /** What it is and where it was published, in one line. */
  readonly title: string;
  /** What it does, for the card of a dataset: to be read behind a colon. */
  readonly summary: string;
  readonly planAdapters: (context: PlanContext) => readonly AdapterTask[];
  /** @param adapters what `planAdapters` answered for the same context */
  readonly planImages: (context: PlanContext, adapters: readonly AdapterTask[]) => readonly ImageTask[];
};
