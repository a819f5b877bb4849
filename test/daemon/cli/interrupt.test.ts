/** Ctrl-C: once saves, twice ends. */
import { describe, expect, it } from "vitest";
import type { CliContext } from "../../../daemon/cli/context.ts";
import { exitCodeOf } from "../../../daemon/cli/exit-code.ts";
import { interruptible } from "../../../daemon/cli/interrupt.ts";
import { reportError } from "../../../daemon/cli/report-error.ts";

describe("interruptible", () => {
  it("gives back the result of what is not interrupted, and stops listening", async () => {
    const world = fakeWorld();
    expect(await interruptible(world.context, async () => "done")).toBe("done");
    expect(world.listeners).toHaveLength(0);
  });

  it("aborts the signal at the first interrupt and counts a normal end as interrupted", async () => {
    const world = fakeWorld();
    const action = interruptible(world.context, async (signal) => {
      world.interrupt();
      expect(signal.aborted).toBe(true);
      return "saved";
    });
    await expect(action).rejects.toMatchObject({ code: "interrupted" });
    expect(world.printed()).toContain("saving ...");
    expect(world.exits).toEqual([]);
    expect(world.listeners).toHaveLength(0);
  });

  it("keeps an error that came first", async () => {
    const world = fakeWorld();
    const failing = interruptible(world.context, async () => {
      world.interrupt();
      throw new Error("the disk is on fire");
    });
    await expect(failing).rejects.toThrow("on fire");
  });

  it("ends the process with 130 at the second interrupt", async () => {
    const world = fakeWorld();
    const action = interruptible(world.context, async () => {
      world.interrupt();
      world.interrupt();
    });
    await expect(action).rejects.toMatchObject({ code: "interrupted" });
    expect(world.exits).toEqual([130]);
  });
});

describe("exit codes", () => {
  it.each([
    ["interrupted", 130],
    ["config-invalid", 2],
    ["usage-invalid", 2],
    ["data-folder-empty", 2],
    ["model-missing", 2],
    ["disk-full", 1],
    ["run-locked", 1],
    ["internal", 1],
  ])("of %s is %i", (code, expected) => {
    expect(exitCodeOf(code)).toBe(expected);
  });
});

describe("reportError", () => {
  const bug = new Error("undefined is not a function");

  it("shows no stack of a mistake of ours, but how to get it", () => {
    const world = fakeWorld();
    expect(reportError(bug, world.context, false)).toBe(1);
    expect(world.printed()).toMatch(/^error\[internal\]: undefined is not a function\nfix: .*LOFT_DEBUG=1.*\n$/);
  });

  it("shows the stack with LOFT_DEBUG=1", () => {
    const world = fakeWorld({ LOFT_DEBUG: "1" });
    reportError(bug, world.context, false);
    expect(world.printed()).toContain("interrupt.test.ts");
  });

  it("tells a full disk apart even when nobody has translated it", () => {
    const world = fakeWorld();
    const full = Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC", path: "runs/x" });
    expect(reportError(full, world.context, false)).toBe(1);
    expect(world.printed()).toMatch(/^error\[disk-full\]: .*runs\/x/);
  });

  it("tells a lack of memory apart, too", () => {
    const world = fakeWorld();
    expect(reportError(new RangeError("Array buffer allocation failed"), world.context, false)).toBe(1);
    expect(world.printed()).toMatch(/^error\[out-of-memory\]: .*\nfix: .*batchSize/);
  });
});

function fakeWorld(environment: Record<string, string> = {}) {
  const listeners: (() => void)[] = [];
  const exits: number[] = [];
  let text = "";
  const print = (more: string) => {
    text += more;
  };
  const context: CliContext = {
    stdout: print,
    stderr: print,
    stderrIsTerminal: false,
    columns: () => 80,
    environment,
    workingFolder: ".",
    packageFolder: ".",
    onInterrupt: (handler) => {
      listeners.push(handler);
      return () => {
        listeners.splice(listeners.indexOf(handler), 1);
      };
    },
    exit: (code) => exits.push(code),
  };
  const interrupt = () => {
    for (const listener of [...listeners]) listener();
  };
  return { context, listeners, exits, interrupt, printed: () => text };
}
