/** What the daemon and its worker processes send each other over the channel between them. Types only. */
import type {
  FuseParams,
  FuseResult,
  LoftErrorData,
  PlanCost,
  ReplayResult,
  SampleClass,
} from "../../schemas/protocol.ts";
import type { RunEvent } from "../../schemas/run-event.ts";

/** Folders that a worker cannot know by itself. Absolute. */
export type WorkerPlaces = { readonly packageFolder: string };

/** A run to carry out. Paths absolute. */
export type RunTask = {
  readonly config: string;
  readonly root: string;
  readonly part: "everything" | "adapters" | "images";
  readonly keepGoing: boolean;
  readonly onlyClasses: readonly string[];
  readonly device?: string;
  readonly checkpointSeconds?: number;
};

/** An evaluation to carry out in the run folder of its configuration. Paths absolute. */
export type EvaluateTask = {
  readonly config: string;
  readonly device?: string;
  readonly reference?: string;
  readonly checkpointSeconds?: number;
};

/** Sample one image of a run; `config` is the configuration it was made from, where that is known. */
export type FuseTask = Omit<FuseParams, "run"> & { readonly root: string; readonly config?: string };

/** What a worker can do, with parameters and results by name. */
export type WorkerTasks = {
  readonly run: {
    readonly params: RunTask;
    readonly result: { readonly adapters: number; readonly images: number; readonly seconds: number };
  };
  readonly evaluate: {
    readonly params: EvaluateTask;
    readonly result: { readonly folder: string; readonly partial: boolean };
  };
  readonly planCost: { readonly params: { readonly config: string }; readonly result: PlanCost };
  readonly planText: { readonly params: { readonly config: string }; readonly result: { readonly text: string } };
  readonly newConfig: {
    readonly params: { readonly folder: string };
    readonly result: { readonly file: string; readonly text: string };
  };
  readonly replay: {
    readonly params: { readonly root: string; readonly file: string; readonly config?: string };
    readonly result: ReplayResult;
  };
  readonly fuse: { readonly params: FuseTask; readonly result: FuseResult };
};

export type WorkerTaskName = keyof WorkerTasks;

/** What a job carries out, in a process of its own. */
export type JobTask = Extract<TaskRequest, { readonly name: "run" | "evaluate" }>;

/** A task as it is sent. */
export type TaskRequest = {
  [Name in WorkerTaskName]: { readonly name: Name; readonly params: WorkerTasks[Name]["params"] };
}[WorkerTaskName];

export type ToWorker =
  | { readonly type: "start"; readonly id: number; readonly task: TaskRequest; readonly places: WorkerPlaces }
  | { readonly type: "cancel"; readonly id: number };

/** Told before the end of a task: an event of a run, or the classes of its plan. */
export type WorkerNews =
  | { readonly type: "event"; readonly event: RunEvent }
  | { readonly type: "planned"; readonly classes: readonly SampleClass[] };

export type FromWorker =
  | { readonly type: "news"; readonly id: number; readonly news: WorkerNews }
  | { readonly type: "done"; readonly id: number; readonly result: unknown }
  | { readonly type: "failed"; readonly id: number; readonly error: LoftErrorData };
