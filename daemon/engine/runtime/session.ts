/** Sessions: a model made ready to run on a device, and running it. */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { LoftError, loftError } from "../../base/errors.ts";
import { memoryError } from "../../base/memory-error.ts";
import type { DType } from "../graph/dtype.ts";
import { sameShape, shapeError, showShape } from "../graph/shape.ts";
import type { HostTensor } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { type OnnxModel, toModel } from "../onnx/to-model.ts";
import { type LoadedModel, loadModel, type RawTensor, type RawTensors } from "./loaded-model.ts";
import { loadModelOnThread, type OpenTasks } from "./model-thread.ts";
import { type Provider, providerUnavailable } from "./providers.ts";

export type SessionOptions = {
  readonly provider: Provider;
  /** Threads for one operation; 0 leaves it to ONNX Runtime (all cores). */
  readonly threads: number;
  /** Nothing else uses the cores, so that waiting threads may spin; else they sleep. */
  readonly dedicated?: boolean;
  /** Run the graph node by node as it was built; for looking at single operations. */
  readonly unoptimized?: boolean;
  /**
   * The graph is loaded and run on a thread made for it, so that several run side by side. What is fed is handed over:
   * its arrays are empty after a run. What the thread has not finished is counted here.
   */
  readonly ownThread?: OpenTasks;
};

/** A graph ready to run. Sessions hold memory outside JavaScript: release them. */
export type Session = {
  readonly model: Pick<OnnxModel, "inputs" | "outputs">;
  /** Feed these inputs in every later run too, until they are held or fed anew. */
  readonly hold: (feeds: Readonly<Record<string, HostTensor>>) => Promise<void>;
  /**
   * Feed every input that is not held by name, get every output by name, or those that are asked for. Throws
   * LoftError "out-of-memory" or "session-failed".
   */
  readonly run: (
    feeds: Readonly<Record<string, HostTensor>>,
    outputs?: readonly string[],
  ) => Promise<Record<string, HostTensor>>;
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
 * @throws LoftError "provider-unavailable" when the device cannot be used, "out-of-memory", "session-failed" when the graph is refused
 */
export async function createSession(
  outputs: Readonly<Record<string, Value>>,
  options: SessionOptions,
): Promise<Session> {
  return openSession(buildModel(outputs, options), options);
}

/** The model of a graph as the device of `options` takes it. */
export function buildModel(outputs: Readonly<Record<string, Value>>, { provider }: SessionOptions): OnnxModel {
  // The detour of a late widening costs other devices a wait for the processor; their own attention is not tried yet.
  const isCpu = provider === "cpu";
  return toModel(outputs, { widenLate: isCpu, ownAttention: isCpu });
}

/** Load and optimize a model; throws as createSession does. */
export async function openSession(model: OnnxModel, options: SessionOptions): Promise<Session> {
  const loaded = await load(model, options);
  const held = new Set<string>();
  return {
    model,
    hold: async (feeds) => {
      await loaded.hold(rawFeeds(feeds, model.inputs, ({ name }) => feeds[name] === undefined));
      for (const name of Object.keys(feeds)) held.add(name);
    },
    run: async (feeds, names) => {
      const outputs = model.outputs.filter(({ name }) => names?.includes(name) ?? true);
      const isHeld = ({ name }: { readonly name: string }) => feeds[name] === undefined && held.has(name);
      return readOutputs(await runModel(loaded, rawFeeds(feeds, model.inputs, isHeld), outputs), outputs);
    },
    release: () => loaded.release(),
  };
}

async function load(
  model: OnnxModel,
  { provider, threads, dedicated = false, unoptimized = false, ownThread }: SessionOptions,
): Promise<LoadedModel> {
  const large = model.isLarge;
  const session: Record<string, unknown> = {
    // A waiting thread that spins is quick to go on, and makes everything slow as soon as anything else uses a core.
    intra_op: { allow_spinning: dedicated ? "1" : "0" },
    ...(large ? { disable_prepacking: "1" } : {}),
    ...(provider === "cpu" ? {} : { disable_cpu_ep_fallback: "1" }),
    ...(model.weightsFolder === undefined ? {} : { model_external_initializers_file_folder_path: model.weightsFolder }),
  };
  const settings: InferenceSession.SessionOptions = {
    executionProviders: [provider],
    graphOptimizationLevel: unoptimized ? "disabled" : large ? "extended" : "all",
    enableMemPattern: false,
    // Failures arrive as exceptions; the runtime would print them a second time.
    logSeverityLevel: 4,
    intraOpNumThreads: threads,
    extra: { session },
  };
  try {
    if (ownThread === undefined) return await loadModel(model.bytes, settings);
    return await loadModelOnThread(model.bytes, settings, ownThread);
  } catch (cause) {
    const known = memoryError(cause, "loading a graph");
    if (known instanceof LoftError) throw known;
    if (provider !== "cpu") throw providerUnavailable(provider, messageOf(cause), cause);
    throw sessionFailed("could not load a graph", cause);
  }
}

/** Feeds by name in the runtime's words; those that `isAbsent` allows may be missing, all others must fit. */
function rawFeeds(
  feeds: Readonly<Record<string, HostTensor>>,
  inputs: OnnxModel["inputs"],
  isAbsent: (input: OnnxModel["inputs"][number]) => boolean,
): RawTensors {
  const tensors: Record<string, RawTensor> = {};
  for (const input of inputs.filter((each) => !isAbsent(each))) {
    const { name, shape, dtype } = input;
    const fed = feeds[name];
    if (fed === undefined || fed.dtype !== dtype || !sameShape(fed.shape, shape)) {
      const found = fed === undefined ? "nothing" : `${fed.dtype} ${showShape(fed.shape)}`;
      throw shapeError("run", `input ${name} is ${dtype} ${showShape(shape)}, fed was ${found}.`);
    }
    tensors[name] = { type: tensorTypes[dtype as keyof typeof tensorTypes], data: fed.data, dims: shape };
  }
  return tensors;
}

async function runModel(loaded: LoadedModel, feeds: RawTensors, outputs: OnnxModel["outputs"]): Promise<RawTensors> {
  try {
    return await loaded.run(
      feeds,
      outputs.map(({ name }) => name),
    );
  } catch (cause) {
    const known = memoryError(cause, "computing a graph");
    if (known instanceof LoftError) throw known;
    throw sessionFailed("could not run a graph", cause);
  }
}

function readOutputs(results: RawTensors, outputs: OnnxModel["outputs"]): Record<string, HostTensor> {
  const read = ({ name, shape, dtype }: OnnxModel["outputs"][number]) => {
    const tensor = results[name]!;
    if (!sameShape(tensor.dims, shape)) {
      throw shapeError("run", `output ${name} is ${showShape(tensor.dims)}, expected was ${showShape(shape)}.`);
    }
    return [name, { dtype, shape, data: tensor.data }] as const;
  };
  return Object.fromEntries(outputs.map(read));
}

function sessionFailed(what: string, cause: unknown): LoftError {
  return loftError("session-failed", {
    what: `ONNX Runtime ${what}: ${messageOf(cause)}`,
    fix: "Run `loft doctor` and report this with its output.",
    cause,
  });
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
