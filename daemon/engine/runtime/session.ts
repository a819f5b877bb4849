/** Sessions: a model made ready to run on a device, and running it. */
import { InferenceSession, type OnnxValue, Tensor } from "onnxruntime-node";
import { type LoftError, loftError } from "../../base/errors.ts";
import type { DType, HostArray } from "../graph/dtype.ts";
import { sameShape, shapeError, showShape } from "../graph/shape.ts";
import type { HostTensor } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { type OnnxModel, toModel } from "../onnx/to-model.ts";
import { type Provider, providerUnavailable } from "./providers.ts";

export type SessionOptions = {
  readonly provider: Provider;
  /** Threads for one operation; 0 leaves it to ONNX Runtime (all cores). */
  readonly threads: number;
  /** Nothing else uses the cores, so that waiting threads may spin; else they sleep. */
  readonly dedicated?: boolean;
  /** Run the graph node by node as it was built; for looking at single operations. */
  readonly unoptimized?: boolean;
};

/** A graph ready to run. Sessions hold memory outside JavaScript: release them. */
export type Session = {
  readonly model: OnnxModel;
  /** Feed every input by name, get every output by name. */
  readonly run: (feeds: Readonly<Record<string, HostTensor>>) => Promise<Record<string, HostTensor>>;
  readonly release: () => Promise<void>;
};

/** Types that are fed and read; bf16 is not among them, it occurs in stored weights alone. */
const tensorTypes: Readonly<Record<Exclude<DType, "bf16">, Tensor.Type>> = {
  f16: "float16",
  f32: "float32",
  f64: "float64",
  i32: "int32",
  i64: "int64",
  bool: "bool",
};

/**
 * Build, load and optimize a graph whose outputs are given by name.
 * @throws LoftError "provider-unavailable" when the device cannot be used, "session-failed" when the graph is refused
 */
export async function createSession(
  outputs: Readonly<Record<string, Value>>,
  options: SessionOptions,
): Promise<Session> {
  // The detour of a late widening costs other devices a wait for the processor.
  const model = toModel(outputs, { widenLate: options.provider === "cpu" });
  const session = await load(model, options);
  return {
    model,
    run: async (feeds) => readOutputs(await runSession(session, model, feeds), model),
    release: () => session.release(),
  };
}

async function load(
  model: OnnxModel,
  { provider, threads, dedicated = false, unoptimized = false }: SessionOptions,
): Promise<InferenceSession> {
  const large = model.isLarge;
  const session: Record<string, unknown> = {
    // A waiting thread that spins is quick to go on, and makes everything slow as soon as anything else uses a core.
    intra_op: { allow_spinning: dedicated ? "1" : "0" },
    ...(large ? { disable_prepacking: "1" } : {}),
    ...(provider === "cpu" ? {} : { disable_cpu_ep_fallback: "1" }),
    ...(model.weightsFolder === undefined ? {} : { model_external_initializers_file_folder_path: model.weightsFolder }),
  };
  try {
    return await InferenceSession.create(model.bytes, {
      executionProviders: [provider],
      graphOptimizationLevel: unoptimized ? "disabled" : large ? "extended" : "all",
      enableMemPattern: false,
      // Failures arrive as exceptions; the runtime would print them a second time.
      logSeverityLevel: 4,
      intraOpNumThreads: threads,
      extra: { session },
    });
  } catch (cause) {
    if (provider !== "cpu") throw providerUnavailable(provider, messageOf(cause), cause);
    throw sessionFailed("could not load a graph", cause);
  }
}

async function runSession(session: InferenceSession, model: OnnxModel, feeds: Readonly<Record<string, HostTensor>>) {
  const tensors: Record<string, OnnxValue> = {};
  for (const { name, shape, dtype } of model.inputs) {
    const fed = feeds[name];
    if (fed === undefined || fed.dtype !== dtype || !sameShape(fed.shape, shape)) {
      const found = fed === undefined ? "nothing" : `${fed.dtype} ${showShape(fed.shape)}`;
      throw shapeError("run", `input ${name} is ${dtype} ${showShape(shape)}, fed was ${found}.`);
    }
    tensors[name] = new Tensor(tensorTypes[dtype as keyof typeof tensorTypes], fed.data as never, shape);
  }
  try {
    return await session.run(tensors);
  } catch (cause) {
    throw sessionFailed("could not run a graph", cause);
  }
}

function readOutputs(results: InferenceSession.OnnxValueMapType, model: OnnxModel): Record<string, HostTensor> {
  const read = ({ name, shape, dtype }: OnnxModel["outputs"][number]) => {
    const tensor = results[name] as Tensor;
    if (!sameShape(tensor.dims, shape)) {
      throw shapeError("run", `output ${name} is ${showShape(tensor.dims)}, expected was ${showShape(shape)}.`);
    }
    return [name, { dtype, shape, data: tensor.data as HostArray }] as const;
  };
  return Object.fromEntries(model.outputs.map(read));
}

function sessionFailed(what: string, cause: unknown): LoftError {
  return loftError("session-failed", {
    what: `ONNX Runtime ${what}: ${messageOf(cause)}`,
    fix: "If memory ran out, make the batch sizes smaller. Otherwise run `loft doctor` and report this with its output.",
    cause,
  });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
