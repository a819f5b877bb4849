/** One process at a time, killed processes included. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loftError } from "../../../daemon/base/errors.ts";
import { holderText, type LockHolder, takeLock } from "../../../daemon/base/process-lock.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const since = "2025-01-02T03:04:05.000Z";

describe("takeLock", () => {
  it("refuses a second holder and leaves nothing behind", async () => {
    const file = await lockFile();
    const lock = await take(file);
    await expect(take(file)).rejects.toMatchObject({ code: "model-locked", what: String(process.pid) });
    await lock.release();
    await (await take(file)).release();
    expect(await readdir(join(file, ".."))).toEqual([]);
  });

  it("gives one of many that ask at once the stale lock of a process that is gone", async () => {
    const file = await lockFile();
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    await writeFile(file, JSON.stringify({ pid: child.pid, host: hostname(), since }));
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => take(file)));
    expect(asked.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  it.each<[string, object | string, number, boolean]>([
    ["another machine that was heard of", { pid: 1, host: "elsewhere", since }, 50, true],
    ["another machine that is silent", { pid: 1, host: "elsewhere", since }, 61, false],
    ["a writer of this moment", "{", 0, true],
    ["a writer that was killed", "{", 3, false],
    ["a writer that was killed before the clock was set back", "{", -3600, false],
    ["another machine, heard of before the clock was set back", { pid: 1, host: "elsewhere", since }, -3600, false],
  ])("respects or takes over the lock of %s", async (_, holder, silentSeconds, isRespected) => {
    const file = await lockFile();
    await writeFile(file, typeof holder === "string" ? holder : JSON.stringify(holder));
    const heard = new Date(Date.now() - silentSeconds * 1000);
    await utimes(file, heard, heard);
    if (isRespected) await expect(take(file)).rejects.toMatchObject({ code: "model-locked" });
    else await (await take(file)).release();
  });

  it("is not kept out by a takeover that was killed before the clock was set back", async () => {
    const file = await lockFile();
    await writeFile(file, "{");
    await writeFile(`${file}.takeover`, "");
    const later = new Date(Date.now() + 3_600_000);
    for (const path of [file, `${file}.takeover`]) await utimes(path, later, later);
    await (await take(file)).release();
  });

  it("does not remove the lock of a successor", async () => {
    const file = await lockFile();
    const lock = await take(file);
    await writeFile(file, "another one's");
    await lock.release();
    expect(await readFile(file, "utf8")).toBe("another one's");
  });

  it("says that the folder cannot be written", async () => {
    const file = await lockFile();
    await writeFile(file, "");
    await expect(take(join(file, "lock"))).rejects.toMatchObject({ code: "output-unwritable" });
  });
});

describe("holderText", () => {
  it.each<[LockHolder | undefined, RegExp, RegExp]>([
    [undefined, /^Another process$/, /stop it there/],
    [{ pid: 7, host: hostname(), since }, /^Process 7, since 2025/, /`kill 7`/],
    [{ pid: 7, host: "elsewhere", since }, /^Process 7 on elsewhere/, /runs out 60 s after/],
  ])("tells of %j", (holder, who, wait) => {
    const text = holderText(holder);
    expect(text.who).toMatch(who);
    expect(text.wait).toMatch(wait);
  });
});

function take(file: string) {
  return takeLock(file, (holder) => loftError("model-locked", { what: String(holder?.pid), fix: "wait" }));
}

async function lockFile(): Promise<string> {
  return join(await temporaryFolder(), "lock");
}
