/** One process per run folder, killed processes included. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { inRun, prepareRunFolder, runPaths } from "../../../daemon/jobs/run-folder.ts";
import { lockRun } from "../../../daemon/jobs/run-lock.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const hasProc = process.platform === "linux";
const minute = 60_000;

describe("lockRun", () => {
  it("refuses a second holder, with the process number, and allows one after release", async () => {
    const root = await runFolder();
    const lock = await lockRun(root);
    await expect(lockRun(root)).rejects.toMatchObject({
      code: "run-locked",
      what: expect.stringContaining(String(process.pid)),
    });
    await lock.release();
    const again = await lockRun(root);
    await again.release();
    expect(await readdir(dirname(inRun(root, runPaths.lock)))).toEqual(["checkpoints"]);
  });

  it("gives one of many that ask at once the lock", async () => {
    const root = await runFolder();
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => lockRun(root)));
    expect(asked.filter((result) => result.status === "fulfilled")).toHaveLength(1);
  });

  it("gives one of many the stale lock of a process that is gone", async () => {
    const root = await runFolder();
    await writeLock(root, { pid: await deadProcess(), host: hostname() });
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => lockRun(root)));
    expect(asked.filter((result) => result.status === "fulfilled")).toHaveLength(1);
  });

  it("respects another living process and takes over at once when it is killed", async () => {
    const root = await runFolder();
    const other = await sleepingProcess();
    await writeLock(root, { pid: other.pid as number, host: hostname() });
    await expect(lockRun(root)).rejects.toMatchObject({ code: "run-locked" });
    const ended = once(other, "exit");
    other.kill("SIGKILL");
    await ended;
    const lock = await lockRun(root);
    await lock.release();
  });

  it.runIf(hasProc)("takes over from a process whose number now belongs to another one", async () => {
    const root = await runFolder();
    await writeLock(root, { pid: process.pid, host: hostname(), startTime: "another boot 1" });
    const lock = await lockRun(root);
    await lock.release();
  });

  it("respects another machine until its heartbeat has stopped for a minute", async () => {
    const root = await runFolder();
    await writeLock(root, { pid: 1, host: "another-machine" });
    await expect(lockRun(root)).rejects.toMatchObject({ what: expect.stringContaining("another-machine") });
    await age(root, 2 * minute);
    const lock = await lockRun(root);
    await lock.release();
  });

  it.each(["", "{", "null", '{"pid":"x"}'])(
    "takes over a torn lock (%j) once it is older than a moment",
    async (text) => {
      const root = await runFolder();
      await writeFile(inRun(root, runPaths.lock), text);
      await age(root, 10_000);
      const lock = await lockRun(root);
      await lock.release();
    },
  );

  it("takes over although an earlier takeover was killed halfway", async () => {
    const root = await runFolder();
    await writeLock(root, { pid: await deadProcess(), host: hostname() });
    const turn = `${inRun(root, runPaths.lock)}.takeover`;
    await writeFile(turn, "");
    const then = new Date(Date.now() - minute);
    await utimes(turn, then, then);
    const lock = await lockRun(root);
    await lock.release();
    expect(await readdir(dirname(turn))).toEqual(["checkpoints"]);
  });

  it("does not release what another process has taken over", async () => {
    const root = await runFolder();
    const lock = await lockRun(root);
    await writeLock(root, { pid: 1, host: "another-machine" });
    await lock.release();
    expect(await readFile(inRun(root, runPaths.lock), "utf8")).toContain("another-machine");
  });
});

async function runFolder(): Promise<string> {
  const root = await temporaryFolder();
  await prepareRunFolder(root);
  return root;
}

async function writeLock(root: string, holder: { pid: number; host: string; startTime?: string }): Promise<void> {
  const text = JSON.stringify({ ...holder, since: new Date().toISOString() });
  await writeFile(inRun(root, runPaths.lock), text);
}

async function age(root: string, milliseconds: number): Promise<void> {
  const then = new Date(Date.now() - milliseconds);
  await utimes(inRun(root, runPaths.lock), then, then);
}

async function sleepingProcess(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  await once(child, "spawn");
  return child;
}

async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ["-e", ""]);
  await once(child, "exit");
  return child.pid as number;
}
