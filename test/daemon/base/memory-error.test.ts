/** Real failures to get memory become advice. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import { LoftError, loftError } from "../../../daemon/base/errors.ts";
import { memoryError } from "../../../daemon/base/memory-error.ts";

function codeOf(error: unknown): string | undefined {
  return error instanceof LoftError ? error.code : undefined;
}

it("knows an array that is too large, and says at what it happened", () => {
  const allocate = () => new ArrayBuffer(2 ** 50);
  expect(allocate).toThrow(RangeError);
  try {
    allocate();
  } catch (error) {
    const known = memoryError(error, "drawing a sheet");
    expect(codeOf(known)).toBe("out-of-memory");
    expect((known as LoftError).what).toBe("Memory ran out while drawing a sheet.");
    expect((known as LoftError).fix).toContain("batchSize");
  }
});

it("knows a thread whose heap is full", async () => {
  const thread = new Worker("for (const all = []; ; ) all.push(new Array(1e5).fill(0));", {
    eval: true,
    resourceLimits: { maxOldGenerationSizeMb: 8 },
  });
  const [error] = await once(thread, "error");
  expect(codeOf(memoryError(error))).toBe("out-of-memory");
});

// What cannot be brought about here without ending the process.
it.each([
  "Failed to allocate memory for requested buffer of size 4194304",
  "std::bad_alloc",
  "env.cc:251 pthread_create failed, error code: 12 error msg: Cannot allocate memory",
  "libonnxruntime.so.1: failed to map segment from shared object",
  "Worker initialization failure: EAGAIN",
  "ENOMEM: not enough memory, read",
  "wbuffer_write: write failed",
])("knows %s", (message) => {
  expect(codeOf(memoryError(new Error(message)))).toBe("out-of-memory");
});

it("leaves other errors alone", () => {
  const others = [new Error("Protobuf parsing failed."), loftError("disk-full", { what: "out of memory", fix: "" })];
  for (const error of others) expect(memoryError(error)).toBe(error);
});
