/** Sessions for graphs whose rows know nothing of each other: cut into parts that run side by side on the cores. */
import { availableParallelism } from "node:os";
import type { HostArray } from "../graph/dtype.ts";
import { sameShape, sizeOf } from "../graph/shape.ts";
import type { HostTensor } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import type { OnnxModel } from "../onnx/to-model.ts";
import { openTasks, waitForTasks } from "./model-thread.ts";
import { buildModel, openSession, type Session, type SessionOptions } from "./session.ts";

/** More sessions than this are not made. */
const mostParts = 16;

/** Each session holds a copy of the weights, laid out for its operations: this many bytes of weights in all. */
const mostWeightBytes = 2 ** 30;

/** A run of rows that one session computes. */
type Part = { readonly start: number; readonly rows: number; readonly session: Session };

/**
 * A session for `rows` rows. On several cores a small model gets one thread and one session for each share of the
 * rows: threads that never wait for each other do more than threads that share every operation (1.2 to 1.5 times as
 * much on two cores with loft-mini). Large models, other devices and single rows get one session.
 * @param build the graph of some rows; its inputs have the rows (or a multiple) in front or are the same for all rows,
 *   its outputs have the rows in front or are scalars
 * @throws what createSession throws
 */
export async function createRowSession(
  rows: number,
  build: (rows: number) => Readonly<Record<string, Value>>,
  options: SessionOptions,
): Promise<Session> {
  const whole = buildModel(build(rows), options);
  const shares = sharesOf(rows, whole, options);
  if (shares.length === 1) return openSession(whole, options);
  const models = new Map<number, OnnxModel>();
  for (const { count } of shares) if (!models.has(count)) models.set(count, buildModel(build(count), options));
  const { sessions, release } = await openSideBySide(
    shares.map(({ count, threads }) => ({ model: models.get(count)!, threads })),
    options,
  );
  let start = 0;
  const parts = sessions.map((session, index): Part => {
    const { count } = shares[index]!;
    start += count;
    return { start: start - count, rows: count, session };
  });
  return { ...joined(rows, whole, parts), release };
}

/**
 * The same for large rows: a session computes one row after the other, so that what it works on stays near the core, and
 * takes the next row as soon as it is done; a large model's rows would not fit into memory together. Outputs have the
 * rows (or a multiple) in front.
 * @throws what createSession throws
 */
export async function createRowByRowSession(
  rows: number,
  build: (rows: number) => Readonly<Record<string, Value>>,
  options: SessionOptions,
): Promise<Session> {
  const whole = buildModel(build(rows), options);
  if (options.provider !== "cpu" && !whole.isLarge) return openSession(whole, options);
  const model = buildModel(build(1), options);
  const shares = sharesOf(rows, model, options);
  const { sessions, release } =
    shares.length === 1
      ? await alone(model, options)
      : await openSideBySide(
          shares.map(({ threads }) => ({ model, threads })),
          options,
        );
  return { ...queued(rows, whole, sessions), release };
}

type Opened = { readonly sessions: readonly Session[]; readonly release: () => Promise<void> };

async function alone(model: OnnxModel, options: SessionOptions): Promise<Opened> {
  const session = await openSession(model, options);
  return { sessions: [session], release: () => session.release() };
}

/** Sessions on threads of their own. */
async function openSideBySide(
  wanted: readonly { readonly model: OnnxModel; readonly threads: number }[],
  options: SessionOptions,
): Promise<Opened> {
  const tasks = openTasks();
  const waitAtExit = () => waitForTasks(tasks);
  process.on("exit", waitAtExit);
  const opened = await Promise.allSettled(
    wanted.map(({ model, threads }) => openSession(model, { ...options, threads, ownThread: tasks })),
  );
  const sessions = opened.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const release = async () => {
    await Promise.all(sessions.map((session) => session.release()));
    process.off("exit", waitAtExit);
  };
  const failed = opened.find((each) => each.status === "rejected");
  if (failed !== undefined) {
    await release();
    throw failed.reason;
  }
  return { sessions, release };
}

/** How many sessions there are for `rows` rows of a model. */
export function partCount(
  rows: number,
  { isLarge, weightBytes }: Pick<OnnxModel, "isLarge" | "weightBytes">,
  { provider, threads }: Pick<SessionOptions, "provider" | "threads">,
): number {
  if (provider !== "cpu" || isLarge) return 1;
  const cores = threads || availableParallelism();
  return Math.max(1, Math.min(rows, cores, mostParts, Math.floor(mostWeightBytes / (weightBytes + 1))));
}

/** Rows and threads of each part, as even as can be. */
function sharesOf(rows: number, { isLarge, weightBytes }: OnnxModel, { provider, threads }: SessionOptions) {
  const cores = threads || availableParallelism();
  const parts = partCount(rows, { isLarge, weightBytes }, { provider, threads });
  const share = (whole: number, index: number) => Math.floor(whole / parts) + (index < whole % parts ? 1 : 0);
  return Array.from({ length: parts }, (_, index) => ({ count: share(rows, index), threads: share(cores, index) }));
}

function joined(rows: number, { inputs, outputs }: OnnxModel, parts: readonly Part[]): Omit<Session, "release"> {
  const cut = (part: Part, feeds: Readonly<Record<string, HostTensor>>) => feedsOf(part, { rows, inputs }, feeds);
  return {
    model: { inputs, outputs },
    hold: async (feeds) => {
      await Promise.all(parts.map((part) => part.session.hold(cut(part, feeds))));
    },
    run: async (feeds, names) => {
      const results = await Promise.all(parts.map((part) => part.session.run(cut(part, feeds), names)));
      return stackedOutputs(results);
    },
  };
}

/** Rows in a queue before the sessions; what is held is kept here, since each row is fed its own part of it. */
function queued(rows: number, { inputs, outputs }: OnnxModel, sessions: readonly Session[]): Omit<Session, "release"> {
  const held: Record<string, HostTensor> = {};
  return {
    model: { inputs, outputs },
    hold: async (feeds) => {
      Object.assign(held, feeds);
    },
    run: async (feeds, names) => {
      const all = { ...held, ...feeds };
      const results: Record<string, HostTensor>[] = [];
      let next = 0;
      const work = async (session: Session) => {
        for (let row = next++; row < rows; row = next++) {
          results[row] = await session.run(feedsOf({ start: row, rows: 1, session }, { rows, inputs }, all), names);
        }
      };
      await Promise.all(sessions.map(work));
      return stackedOutputs(results);
    },
  };
}

/** What a part is fed, copied: the copy is handed over to the part's thread. Inputs that all rows share stay whole. */
function feedsOf(
  part: Part,
  whole: { readonly rows: number; readonly inputs: OnnxModel["inputs"] },
  feeds: Readonly<Record<string, HostTensor>>,
): Record<string, HostTensor> {
  const named = part.session.model.inputs.flatMap(({ name, shape }) => {
    const feed = feeds[name];
    if (feed === undefined) return [];
    const isShared = whole.inputs.some((input) => input.name === name && sameShape(input.shape, shape));
    return [[name, isShared ? { ...feed, data: feed.data.slice() } : rowsOf(feed, part, whole.rows)] as const];
  });
  return Object.fromEntries(named);
}

/** A part's rows of a tensor. */
function rowsOf({ dtype, shape, data }: HostTensor, part: Part, rows: number): HostTensor {
  const [length, ...rest] = shape as [number, ...number[]];
  const each = (length / rows) * sizeOf(rest);
  const cut = data.slice(part.start * each, (part.start + part.rows) * each);
  return { dtype, shape: [(length / rows) * part.rows, ...rest], data: cut };
}

/** The outputs of all parts, each one's below that of the part before it. */
function stackedOutputs(results: readonly Record<string, HostTensor>[]): Record<string, HostTensor> {
  const stack = (name: string) => [name, stacked(results.map((result) => result[name]!))] as const;
  return Object.fromEntries(Object.keys(results[0]!).map(stack));
}

/** Tensors one below the other; a scalar is the same in all parts. */
function stacked(tensors: readonly HostTensor[]): HostTensor {
  const [{ dtype, shape, data: first }] = tensors as readonly [HostTensor];
  if (shape.length === 0) return tensors[0]!;
  const length = tensors.reduce((sum, tensor) => sum + tensor.shape[0]!, 0);
  const data = new (first.constructor as new (size: number) => HostArray)(
    tensors.reduce((sum, tensor) => sum + tensor.data.length, 0),
  );
  let offset = 0;
  for (const tensor of tensors) {
    data.set(tensor.data as never, offset);
    offset += tensor.data.length;
  }
  return { dtype, shape: [length, ...shape.slice(1)], data };
}
