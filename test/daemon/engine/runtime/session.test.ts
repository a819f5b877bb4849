/** Sessions: what is fed is checked, and no other device is taken than the one asked for. */
import { expect, test } from "vitest";
import { float32, int64 } from "../../../../daemon/engine/graph/tensor.ts";
import { input } from "../../../../daemon/engine/graph/value.ts";
import { mul, sin } from "../../../../daemon/engine/ops/elementwise.ts";
import { gather } from "../../../../daemon/engine/ops/indexing.ts";
import { expand } from "../../../../daemon/engine/ops/movement.ts";
import { reduceSum } from "../../../../daemon/engine/ops/reduction.ts";
import { chooseProvider, installedProviders } from "../../../../daemon/engine/runtime/providers.ts";
import { createSession } from "../../../../daemon/engine/runtime/session.ts";
import { loftErrorOf } from "../../../support/loft-error.ts";
import { cpu, runGraph } from "../../../support/run-graph.ts";

const x = input("x", [2]);

test("feeds of another shape, type or name are refused", async () => {
  const feed = (shape: readonly number[]) => float32(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
  for (const feeds of [{ x: feed([3]) }, { y: feed([2]) }, { x: { ...feed([2]), dtype: "f64" as const } }]) {
    expect((await loftErrorOf(() => runGraph({ y: mul(x, 2) }, feeds))).code).toBe("shape-mismatch");
  }
});

test("the CPU is always there, and auto takes a device that is installed", () => {
  expect(installedProviders()).toContain("cpu");
  expect(chooseProvider("cpu")).toBe("cpu");
  expect(installedProviders()).toContain(chooseProvider("auto"));
});

test("a provider that is not installed is an error, not another device", async () => {
  const missing = (["dml", "coreml", "cuda"] as const).filter((provider) => !installedProviders().includes(provider));
  expect(missing.length).toBeGreaterThan(0);
  for (const provider of missing) {
    expect((await loftErrorOf(() => chooseProvider(provider))).code).toBe("provider-unavailable");
    expect((await loftErrorOf(() => createSession({ y: mul(x, 2) }, { ...cpu, provider }))).code).toBe(
      "provider-unavailable",
    );
  }
});

test("a graph that the runtime refuses to load or to run", async () => {
  const refused = await loftErrorOf(
    () => createSession({ y: sin(input("integer", [2], "i64")) }, cpu),
    "session-failed",
  );
  expect(refused.what).toContain("could not load a graph");
  const picked = gather(input("table", [2, 2]), input("rows", [1], "i64"));
  const feeds = { table: float32(new Float32Array(4), [2, 2]), rows: int64([7], [1]) };
  const failed = await loftErrorOf(() => runGraph({ picked }, feeds), "session-failed");
  expect(failed.what).toContain("could not run a graph");
});

/** More bytes than a process can address: refused at once, on any machine. */
test("memory that is not there is an error of its own, which keeps what the runtime said", async () => {
  const one = input("x", [1]);
  const huge = reduceSum(mul(expand(one, [2 ** 46]), one), [0]);
  const failed = await loftErrorOf(() => runGraph({ huge }, { x: float32(new Float32Array(1), [1]) }), "out-of-memory");
  expect(failed.what).toContain("281,475 GB");
  expect(failed.fix).toContain("training.batchSize");
  expect((failed.cause as Error).message).toContain("Failed to allocate memory");
});
