/** What to tell a user whose memory ran out. The layers below have no code for it, each says it in words of its own. */
import { byteText } from "./byte-text.ts";
import { LoftError, loftError } from "./errors.ts";

/**
 * What ONNX Runtime 1.30 and its arena, the C++ library, V8, Node, GLib, libvips, the loader of libraries, CUDA and
 * cuBLAS say when they get no memory, or no addresses for a thread or a library.
 */
const allocationFailure =
  /failed to allocate memory|cannot allocate memory|not enough memory|out of memory|bad[_ ]alloc|array buffer allocation failed|error creating thread|wbuffer_write: write failed|pthread_create failed|worker initialization failure|failed to map segment|CUBLAS_STATUS_ALLOC_FAILED/i;

/**
 * The user's side of an allocation that failed. Other errors come back unchanged.
 * @param doing what could not be done, as in "Memory ran out while ..."
 */
export function memoryError(error: unknown, doing?: string): LoftError | unknown {
  const said = error instanceof Error ? error.message : String(error);
  if (error instanceof LoftError || !allocationFailure.test(said)) return error;
  const bytes = /requested buffer of size (\d+)/.exec(said)?.[1];
  const asked = bytes === undefined ? "" : `: ${byteText(Number(bytes))} more were asked for`;
  return loftError("out-of-memory", {
    what: `Memory ran out${doing === undefined ? "" : ` while ${doing}`}${asked}.`,
    fix: "Make training.batchSize, sampling.batchSize or training.resolution smaller, or end other programs. `loft plan` forecasts the memory of a run.",
    cause: error,
  });
}
