/** Progress as clients get it. Pure. */
import type { RunProgress } from "../../schemas/protocol.ts";
import { isJudging, type Progress, secondsLeft, workDone } from "./progress.ts";

/** The progress of a run in the protocol's words. */
export function runProgress(progress: Progress): RunProgress {
  const { adapters, images, loss, failed, device, provider, evaluation } = progress;
  const isLastPart = evaluation === undefined || isJudging(progress);
  const left = provider === "" || !isLastPart ? undefined : secondsLeft(progress);
  const { part, parts } = evaluation ?? { part: 0, parts: 1 };
  return {
    adaptersDone: adapters.done,
    adapters: adapters.total,
    imagesDone: images.done,
    images: images.total,
    stage: stageOf(progress),
    share: (part + workDone(progress)) / parts,
    ...(left === undefined ? {} : { secondsLeft: Math.round(left * 10) / 10 }),
    ...(loss === undefined ? {} : { loss: Number.isFinite(loss) ? loss : null }),
    failed,
    ...(provider === "" ? {} : { device }),
  };
}

function stageOf(progress: Progress): RunProgress["stage"] {
  const { adapters, images, provider, imageRate } = progress;
  if (provider === "") return "loading";
  if (isJudging(progress)) return "evaluating";
  const isTraining = adapters.done < adapters.total && imageRate.samples === 0;
  return isTraining || images.total === 0 ? "training" : "sampling";
}
