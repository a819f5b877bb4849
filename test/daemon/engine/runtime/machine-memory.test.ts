/** The memory a process may use. */
import { totalmem } from "node:os";
import { expect, test } from "vitest";
import { machineMemory, usableMemory } from "../../../../daemon/engine/runtime/machine-memory.ts";

test.each([
  [8, undefined, 8],
  [8, 0, 8],
  [8, 2 ** 64, 8],
  [8, 4, 4],
])("of %d bytes with a limit of %s", (total, limit, usable) => {
  expect(usableMemory(total, limit)).toBe(usable);
});

test("this machine has some, and not more than it has", () => {
  expect(machineMemory()).toBeGreaterThan(0);
  expect(machineMemory()).toBeLessThanOrEqual(totalmem());
});
