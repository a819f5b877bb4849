/** Row sessions: the same numbers however the rows are shared out, and threads that end when they are told to. */
import { describe, expect, test } from "vitest";
import { float32, int64 } from "../../../../daemon/engine/graph/tensor.ts";
import { input, type Value } from "../../../../daemon/engine/graph/value.ts";
import { add, mul, sin } from "../../../../daemon/engine/ops/elementwise.ts";
import { gather } from "../../../../daemon/engine/ops/indexing.ts";
import { matmul } from "../../../../daemon/engine/ops/matmul.ts";
import { createRowByRowSession, createRowSession } from "../../../../daemon/engine/runtime/row-session.ts";
import { createSession } from "../../../../daemon/engine/runtime/session.ts";
import { loftErrorOf } from "../../../support/loft-error.ts";
import { cpu } from "../../../support/run-graph.ts";

/** Two examples a row, a scalar and three numbers for all rows, and one output with and one without the examples. */
function graph(rows: number): Record<string, Value> {
  const examples = input("examples", [2 * rows, 3]);
  const own = input("own", [rows, 3, 3]);
  return {
    shifted: add(mul(examples, input("factor", [])), input("shift", [3])),
    product: matmul(sin(own), own),
  };
}

function feeds(rows: number) {
  const numbers = (count: number) => Float32Array.from({ length: count }, (_, index) => Math.cos(index));
  return {
    examples: float32(numbers(rows * 6), [2 * rows, 3]),
    own: float32(numbers(rows * 9), [rows, 3, 3]),
    factor: float32(Float32Array.of(3), []),
    shift: float32(Float32Array.of(1, 2, 3), [3]),
  };
}

const kinds = { "in one go": createRowSession, "one by one": createRowByRowSession } as const;
const sessionKinds = Object.keys(kinds) as (keyof typeof kinds)[];

describe.each(sessionKinds)("rows %s", (kind) => {
  test.each([
    { rows: 1, threads: 1 },
    { rows: 3, threads: 1 },
    { rows: 1, threads: 2 },
    { rows: 2, threads: 2 },
    { rows: 5, threads: 2 },
    { rows: 5, threads: 3 },
    { rows: 3, threads: 8 },
    { rows: 7, threads: 0 },
  ])("$rows rows on $threads threads give what one session gives", async ({ rows, threads }) => {
    const whole = await createSession(graph(rows), cpu);
    const shared = await kinds[kind](rows, graph, { ...cpu, threads });
    try {
      const fed = feeds(rows);
      const expected = await whole.run(feeds(rows));
      expect(await shared.run(fed)).toEqual(expected);
      expect(await shared.run(fed), "what was fed is still there").toEqual(expected);
      expect(shared.model.inputs).toEqual(whole.model.inputs);
      expect(shared.model.outputs).toEqual(whole.model.outputs);
    } finally {
      await whole.release();
      await shared.release();
    }
  });

  test.each([1, 2])("on %d threads, what is held is fed in every run until it is held anew", async (threads) => {
    const session = await kinds[kind](3, graph, { ...cpu, threads });
    const { examples, own, factor, shift } = feeds(3);
    await session.hold({ shift });
    const other = float32(Float32Array.of(-1), []);
    const [expected, expectedOther] = [
      await session.run({ examples, own, factor }),
      await session.run({ examples, own, factor: other }),
    ];
    await session.hold({ own, factor });
    for (let run = 0; run < 2; run += 1) expect(await session.run({ examples })).toEqual(expected);
    expect(await session.run({ examples, factor: other })).toEqual(expectedOther);
    await session.hold({ factor: other });
    expect(await session.run({ examples })).toEqual(expectedOther);
    expect(await session.run({ examples }, ["product"])).toEqual({ product: expected.product });
    expect((await loftErrorOf(() => session.run({}))).code).toBe("shape-mismatch");
    const wrong = async () => {
      await session.hold({ factor: examples });
      await session.run({ examples });
    };
    expect((await loftErrorOf(wrong)).code).toBe("shape-mismatch");
    await session.release();
  });
});

test("what the runtime refuses to load or to run is told as ever, and the threads end", async () => {
  const two = { ...cpu, threads: 2 };
  const refused = () => createRowSession(2, (rows) => ({ y: sin(input("x", [rows], "i64")) }), two);
  expect((await loftErrorOf(refused, "session-failed")).what).toContain("could not load a graph");

  const picks = (rows: number) => ({ picked: gather(input("table", [rows, 2]), input("index", [rows], "i64")) });
  const session = await createRowSession(2, picks, two);
  const table = float32(new Float32Array(4), [2, 2]);
  const outside = () => session.run({ table, index: int64([0, 7], [2]) });
  expect((await loftErrorOf(outside, "session-failed")).what).toContain("could not run a graph");
  expect((await session.run({ table, index: int64([0, 0], [2]) })).picked!.shape).toEqual([2, 2]);
  expect((await loftErrorOf(() => session.run({ table }))).code).toBe("shape-mismatch");
  await session.release();
});

test("while parts run on their threads, this one goes on", async () => {
  const size = 400;
  const slow = (rows: number) => {
    const x = input("x", [rows, size, size]);
    return { y: Array.from({ length: 30 }).reduce<Value>((value) => mul(matmul(value, x), 1e-3), x) };
  };
  const session = await createRowSession(2, slow, { ...cpu, threads: 2 });
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  await session.run({ x: float32(new Float32Array(2 * size * size).fill(0.1), [2, size, size]) });
  clearInterval(timer);
  expect(turns).toBeGreaterThan(0);
  await session.release();
});

test("threads that are gone are told of in place of waiting for them", async () => {
  const session = await createRowSession(2, graph, { ...cpu, threads: 2 });
  await session.release();
  const { what } = await loftErrorOf(() => session.run(feeds(2)), "session-failed");
  expect(what).toContain("the thread of the model ended");
  await session.release();
});

test("sessions can be made and released again and again, and several at once", async () => {
  for (let round = 0; round < 3; round += 1) {
    const sessions = await Promise.all([2, 3].map((rows) => createRowSession(rows, graph, { ...cpu, threads: 2 })));
    const shapes = await Promise.all(
      sessions.map(async (session, index) => (await session.run(feeds(index + 2))).product!.shape),
    );
    expect(shapes).toEqual([
      [2, 3, 3],
      [3, 3, 3],
    ]);
    for (const session of sessions) await session.release();
  }
});
