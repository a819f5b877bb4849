/** A model as the runtime holds it, here or on a thread of its own: tensors in, tensors out, nothing checked. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { HostArray } from "../graph/dtype.ts";
import { turnTelemetryOff } from "./no-telemetry.ts";

/** A tensor in the runtime's words. */
export type RawTensor = { readonly type: Tensor.Type; readonly data: HostArray; readonly dims: readonly number[] };

export type RawTensors = Readonly<Record<string, RawTensor>>;

/** Fails with the runtime's own errors. */
export type LoadedModel = {
  /** Feed these in every later run too. */
  readonly hold: (feeds: RawTensors) => Promise<void>;
  readonly run: (feeds: RawTensors, outputs: readonly string[]) => Promise<RawTensors>;
  readonly release: () => Promise<void>;
};

/** Load a model for this thread: while it runs, nothing else happens here. */
export async function loadModel(bytes: Uint8Array, options: InferenceSession.SessionOptions): Promise<LoadedModel> {
  turnTelemetryOff();
  const session = await InferenceSession.create(bytes, options);
  const held: Record<string, Tensor> = {};
  return {
    hold: async (feeds) => void Object.assign(held, tensorsOf(feeds)),
    run: async (feeds, outputs) =>
      (await session.run({ ...held, ...tensorsOf(feeds) }, outputs)) as unknown as RawTensors,
    release: () => session.release(),
  };
}

function tensorsOf(feeds: RawTensors): Record<string, Tensor> {
  const tensor = ([name, { type, data, dims }]: readonly [string, RawTensor]) =>
    [name, new Tensor(type, data as never, dims)] as const;
  return Object.fromEntries(Object.entries(feeds).map(tensor));
}
