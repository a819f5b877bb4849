/**
 * One process at a time. The lock is a file that says who holds it; the lock of a killed process is taken over at once
 * on the same machine (its process is gone) and after a silent minute from another one (its heartbeat stopped).
 */
import { readFileSync } from "node:fs";
import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { writeError } from "./atomic-file.ts";
import type { LoftError } from "./errors.ts";
import { fileErrorCode } from "./file-errors.ts";

/** Who holds a lock. `startTime` tells a process from a later one with the same number; only Linux offers it. */
export type LockHolder = {
  readonly pid: number;
  readonly host: string;
  readonly startTime?: string;
  /** When the lock was taken, ISO 8601. */
  readonly since: string;
};

export type ProcessLock = { readonly release: () => Promise<void> };

const heartbeatMilliseconds = 10_000;
/** Six missed heartbeats: the other machine is off, or its process is. */
const silentMilliseconds = 60_000;
/** Where a process number cannot be told from its later reuse, only a long silence counts. */
const longSilentMilliseconds = 300_000;
/** A takeover lasts a moment; an older mark of one was left by a process that was killed in it. */
const abandonedMilliseconds = 5_000;
/** Tries, 25 ms apart while another process takes over: longer than an abandoned takeover lasts. */
const attempts = 300;

/**
 * Take a lock.
 * @param file the lock's file; its folder must exist
 * @param refusal makes the error to throw when a living process holds the lock, or one that does not say who it is
 * @throws LoftError the refusal, "output-unwritable", "disk-full"
 */
export async function takeLock(
  file: string,
  refusal: (holder: LockHolder | undefined) => LoftError,
  now: () => Date = () => new Date(),
): Promise<ProcessLock> {
  const holder = thisProcess(now());
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    if (await createFile(file, lockText(holder))) return heldLock(file, holder);
    const found = await readLock(file);
    if (found === undefined) continue;
    if (isAlive(found, now())) throw refusal(found.holder);
    await removeStaleLock(file, found, now());
  }
  throw refusal(undefined);
}

/**
 * Whether a living process holds a lock; nothing is taken and nothing changed.
 * @throws LoftError "output-unwritable" when the file cannot be read
 */
export async function isLockHeld(file: string, now: () => Date = () => new Date()): Promise<boolean> {
  const found = await readLock(file);
  return found !== undefined && isAlive(found, now());
}

/** Who holds a lock and what can be done about it, in words for an error's `what` and `fix`. */
export function holderText(holder: LockHolder | undefined): { readonly who: string; readonly wait: string } {
  const where = holder === undefined || holder.host === hostname() ? "" : ` on ${holder.host}`;
  const who = holder === undefined ? "Another process" : `Process ${holder.pid}${where}, since ${holder.since},`;
  const stop = holder === undefined || where !== "" ? "stop it there" : `stop it with \`kill ${holder.pid}\``;
  const elsewhere =
    where === "" ? "" : ` If it is gone, its lock runs out ${silentMilliseconds / 1000} s after its last sign of life.`;
  const wait = `Wait until it is done, or ${stop} and run this again: it goes on where the other one was.${elsewhere}`;
  return { who, wait };
}

type FoundLock = {
  readonly text: string;
  /** Undefined when the file is torn: its writer was killed, or is writing it this moment. */
  readonly holder: LockHolder | undefined;
  readonly heartbeat: Date;
};

/** Make a file with this content; false when there is one already. */
async function createFile(file: string, content: string): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: "wx" });
    return true;
  } catch (error) {
    if (fileErrorCode(error) === "EEXIST") return false;
    throw writeError(error, file);
  }
}

function heldLock(file: string, holder: LockHolder): ProcessLock {
  const timer = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined);
  }, heartbeatMilliseconds);
  timer.unref();
  const release = async () => {
    clearInterval(timer);
    const found = await readLock(file);
    if (found?.text === lockText(holder)) await rm(file, { force: true });
  };
  return { release };
}

async function readLock(file: string): Promise<FoundLock | undefined> {
  try {
    const [text, stats] = await Promise.all([readFile(file, "utf8"), stat(file)]);
    return { text, holder: parseHolder(text), heartbeat: stats.mtime };
  } catch (error) {
    if (fileErrorCode(error) === "ENOENT" || fileErrorCode(error) === "ENOTDIR") return undefined;
    throw writeError(error, file);
  }
}

/** Another machine's clock may be ahead by so much. */
const clockDifference = 600_000;

/**
 * A heartbeat of the far future is as old as it is early: the clock was set back since, and a living holder's next one
 * comes within seconds.
 */
function silenceOf(heartbeat: Date, now: Date): number {
  const silence = now.getTime() - heartbeat.getTime();
  return silence < -clockDifference ? -silence : silence;
}

function isAlive({ holder, heartbeat }: FoundLock, now: Date): boolean {
  const silence = silenceOf(heartbeat, now);
  if (holder === undefined) return silence < 2_000;
  if (holder.host !== hostname()) return silence < silentMilliseconds;
  if (!isProcessThere(holder.pid)) return false;
  const startTime = processStartTime(holder.pid);
  if (holder.startTime !== undefined) return startTime === holder.startTime;
  return silence < longSilentMilliseconds;
}

/**
 * Of several processes that found the same stale lock only one at a time may look again and remove it; otherwise a slow
 * one could remove the lock that a quick one has just made.
 */
async function removeStaleLock(file: string, stale: FoundLock, now: Date): Promise<void> {
  const turn = `${file}.takeover`;
  if (!(await createFile(turn, ""))) {
    const left = await stat(turn).catch(() => undefined);
    if (left !== undefined && abandonedMilliseconds < silenceOf(left.mtime, now)) await rm(turn, { force: true });
    await sleep(25);
    return;
  }
  const found = await readLock(file);
  if (found?.text === stale.text) await rm(file, { force: true });
  await rm(turn, { force: true });
}

function thisProcess(now: Date): LockHolder {
  const startTime = processStartTime(process.pid);
  const known = { pid: process.pid, host: hostname(), since: now.toISOString() };
  return startTime === undefined ? known : { ...known, startTime };
}

function isProcessThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return fileErrorCode(error) === "EPERM";
  }
}

/**
 * Boot and start time of a process from Linux' /proc (proc(5): field 22 of `stat`, counted after the name, which may
 * hold spaces); undefined elsewhere, and for a process that is dead but not yet reaped (state Z).
 */
function processStartTime(pid: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return fields[0] === "Z" || fields[0] === "X" ? undefined : `${boot} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

function lockText(holder: LockHolder): string {
  return `${JSON.stringify(holder)}\n`;
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<LockHolder> | null;
    const isHolder = Number.isInteger(holder?.pid) && typeof holder?.host === "string";
    return isHolder ? (holder as LockHolder) : undefined;
  } catch {
    return undefined;
  }
}
