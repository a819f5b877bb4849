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
  const opened =
    shares.length === 1
      ? await alone(model, options)
      : await openSideBySide(
          shares.map(({ threads }) => ({ model, threads })),
          options,
        );
  return { ...queued(rows, whole, opened), release: opened.release };
}

type Opened = {
  readonly sessions: readonly Session[];
  readonly release: () => Promise<void>;
  /** How a session is given a part of an array: copied, where the part is handed over to the session's thread. */
  readonly part: (array: HostArray, start: number, end: number) => HostArray;
};

const copiedPart: Opened["part"] = (array, start, end) => array.slice(start, end);

const sharedPart: Opened["part"] = (array, start, end) => array.subarray(start, end);

async function alone(model: OnnxModel, options: SessionOptions): Promise<Opened> {
  const session = await openSession(model, options);
  return { sessions: [session], release: () => session.release(), part: sharedPart };
}

/** Sessions on threads of their own. */
async function openSideBySide(
  wanted: readonly { readonly model: OnnxModel; readonly threads: number }[],
  options: SessionOptions,
): Promise<Opened> {
  const tasks = wanted.map(() => openTasks());
  const waitAtExit = () => waitForTasks(tasks);
  process.on("exit", waitAtExit);
  const opened = await Promise.allSettled(
    wanted.map(({ model, threads }, index) => openSession(model, { ...options, threads, ownThread: tasks[index]! })),
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
  return { sessions, release, part: copiedPart };
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
  const shared = sharedInputs(inputs, parts[0]!.session);
  const cut = (own: Part, feeds: Feeds) => ({
    ...wholeFeeds(feeds, shared, copiedPart),
    ...rowFeeds(feeds, { ...own, of: rows, shared, part: copiedPart }),
  });
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

/**
 * Rows in a queue before the sessions. What is held for all rows is held by each session; of what is held for single
 * rows, kept here, a session is fed one row's part at a time.
 */
function queued(rows: number, { inputs, outputs }: OnnxModel, { sessions, part }: Opened): Omit<Session, "release"> {
  const shared = sharedInputs(inputs, sessions[0]!);
  const held: Record<string, HostTensor> = {};
  return {
    model: { inputs, outputs },
    hold: async (feeds) => {
      Object.assign(held, Object.fromEntries(Object.entries(feeds).filter(([name]) => !shared.has(name))));
      await Promise.all(sessions.map((session) => session.hold(wholeFeeds(feeds, shared, part))));
    },
    run: async (feeds, names) => {
      const all = { ...held, ...feeds };
      const results: Record<string, HostTensor>[] = [];
      let next = 0;
      const work = async (session: Session) => {
        for (let row = next++; row < rows; row = next++) {
          const own = rowFeeds(all, { start: row, rows: 1, of: rows, shared, part });
          results[row] = await session.run({ ...wholeFeeds(feeds, shared, part), ...own }, names);
        }
      };
      await Promise.all(sessions.map(work));
      return stackedOutputs(results);
    },
  };
}

type Feeds = Readonly<Record<string, HostTensor>>;

/** The names of inputs that are the same for all rows: a session of some rows has them in the same shape. */
function sharedInputs(whole: OnnxModel["inputs"], { model }: Session): ReadonlySet<string> {
  const isShared = ({ name, shape }: (typeof whole)[number]) =>
    whole.some((input) => input.name === name && sameShape(input.shape, shape));
  return new Set(model.inputs.filter(isShared).map(({ name }) => name));
}

/** Those feeds that all rows share. */
function wholeFeeds(feeds: Feeds, shared: ReadonlySet<string>, part: Opened["part"]): Record<string, HostTensor> {
  const own = Object.entries(feeds).filter(([name]) => shared.has(name));
  return Object.fromEntries(own.map(([name, feed]) => [name, { ...feed, data: part(feed.data, 0, feed.data.length) }]));
}

type Rows = {
  readonly start: number;
  readonly rows: number;
  /** All rows. */
  readonly of: number;
  readonly shared: ReadonlySet<string>;
  readonly part: Opened["part"];
};

/** Of the other feeds the part of some rows. */
function rowFeeds(feeds: Feeds, { shared, ...rows }: Rows): Record<string, HostTensor> {
  const own = Object.entries(feeds).filter(([name]) => !shared.has(name));
  return Object.fromEntries(own.map(([name, feed]) => [name, rowsOf(feed, rows)]));
}

/** Some rows of a tensor. */
function rowsOf({ dtype, shape, data }: HostTensor, { start, rows, of, part }: Omit<Rows, "shared">): HostTensor {
  const [length, ...rest] = shape as [number, ...number[]];
  const each = (length / of) * sizeOf(rest);
  return { dtype, shape: [(length / of) * rows, ...rest], data: part(data, start * each, (start + rows) * each) };
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
