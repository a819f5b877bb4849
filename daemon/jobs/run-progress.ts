/** Progress as clients get it. Pure. */
import type { RunProgress } from "../../schemas/protocol.ts";
import { type Progress, secondsLeft, workDone } from "./progress.ts";

/** The progress of a run in the protocol's words. */
export function runProgress(progress: Progress): RunProgress {
  const { adapters, images, loss, failed, device, provider } = progress;
  const left = provider === "" ? undefined : secondsLeft(progress);
  return {
    adaptersDone: adapters.done,
    adapters: adapters.total,
    imagesDone: images.done,
    images: images.total,
    stage: stageOf(progress),
    share: workDone(progress),
    ...(left === undefined ? {} : { secondsLeft: Math.round(left * 10) / 10 }),
    ...(loss === undefined ? {} : { loss }),
    failed,
    ...(provider === "" ? {} : { device }),
  };
}

function stageOf({ adapters, images, provider, imageRate }: Progress): RunProgress["stage"] {
  if (provider === "") return "loading";
  const isTraining = adapters.done < adapters.total && imageRate.samples === 0;
  return isTraining || images.total === 0 ? "training" : "sampling";
}
