/** A run whose batches do not fit into memory goes on with smaller ones, to the same bytes. Linux: needs a limit and /proc. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { runBytes } from "../support/run-bytes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { makeTinyRun } from "../support/tiny-run.ts";

/** One session: threads of their own are more to begin with than what is missing here. */
const device = { threads: 1 };

const command = fileURLToPath(new URL("../../daemon/loft.mjs", import.meta.url));

type Case = {
  /** What runs out of memory first: so many of these at once. */
  readonly many: number;
  readonly items: "adapters" | "images";
  readonly run: (batchSize: number) => Parameters<typeof makeTinyRun>[1];
  /** Bytes that the run gets more than it needs with one at a time. */
  readonly room: number;
};

/** Bytes of an attention map of one row: 2 heads. */
const mapBytes = (tokens: number) => 4 * 2 * tokens ** 2;

const cases: readonly Case[] = [
  {
    // Photos of 480 pixels a side: attention maps are most of the memory, and the gradient has some of them at once.
    many: 4,
    items: "adapters",
    run: (batchSize) => ({
      photos: { cat: 4 },
      config: {
        device,
        training: { steps: 1, warmupSteps: 0, batchSize, resolution: 480 },
        sampling: { imagesPerClass: 4, steps: 1, guidanceScale: 1, batchSize },
      },
    }),
    // For one more row at most, not for three more.
    room: 4 * mapBytes(3600),
  },
  {
    // Images of 256 pixels a side: larger ones have no attention maps.
    many: 32,
    items: "images",
    run: (batchSize) => ({
      photos: { cat: 1 },
      config: {
        device,
        training: { steps: 1, warmupSteps: 0, batchSize: 1, resolution: 256 },
        sampling: { imagesPerClass: 32, steps: 1, guidanceScale: 1, batchSize },
      },
    }),
    // Images are encoded beside it: what is left after 16 of them must do for that.
    room: 28 * mapBytes(1024),
  },
];

/**
 * Only addresses can be limited. Where Node's own need of them meets the limit before the runtime's does, the process is
 * ended, which says nothing about batches: then the run is made once more.
 */
const options = { timeout: 100_000, retry: 4 };

describe.runIf(process.platform === "linux")("memory that runs out halves the batches", () => {
  test.each(cases)("of $many $items", options, async ({ many, items, run, room }) => {
    const folder = await temporaryFolder();
    const [calm, tight] = [
      await makeTinyRun(join(folder, "calm"), run(1)),
      await makeTinyRun(join(folder, "tight"), run(many)),
    ];
    const one = await generate(calm.folder, undefined);
    expect(one.exitCode).toBe(0);
    const limited = await generate(tight.folder, one.peakAddresses + room);
    expect(limited.exitCode, limited.stderr).toBe(0);
    const warnings = limited.events.filter(({ type }) => type === "warning").map(({ what }) => what);
    const wanted = `Memory ran out with ${many} ${items} at once; going on with ${many / 2}.`;
    expect(warnings).toContainEqual(expect.stringContaining(wanted));
    expect(await runBytes(tight.root)).toEqual(await runBytes(calm.root));
  });
});

type Result = {
  readonly exitCode: number | null;
  readonly stderr: string;
  readonly events: readonly { readonly type: string; readonly what?: string }[];
  /** Bytes of addresses that the process had at most. */
  readonly peakAddresses: number;
};

/** Run `loft generate`, with no more addresses than `limit` bytes. */
async function generate(folder: string, limit: number | undefined): Promise<Result> {
  const ulimit = limit === undefined ? "" : `ulimit -v ${Math.floor(limit / 1024)}; `;
  const script = `${ulimit}exec "$0" "$1" generate tiny.loft.json --json`;
  const child = spawn("sh", ["-c", script, process.execPath, command], { cwd: folder });
  onTestFinished(() => void child.kill("SIGKILL"));
  let [stdout, stderr, peakAddresses] = ["", "", 0];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    peakAddresses = Math.max(peakAddresses, addressesOf(child.pid!));
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
  const events = stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
  return { exitCode, stderr, events, peakAddresses };
}

function addressesOf(pid: number): number {
  try {
    return 1024 * Number(/VmPeak:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
