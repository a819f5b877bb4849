/** A run whose batches do not fit into memory goes on with smaller ones, to the same bytes. Linux: needs a limit and /proc. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { runBytes } from "../support/run-bytes.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { makeTinyRun } from "../support/tiny-run.ts";

const command = fileURLToPath(new URL("../../daemon/loft.mjs", import.meta.url));

/** An attention map of an image: 2 heads of 3600 x 3600. The gradient has some of them at once. */
const mapBytes = 4 * 2 * 3600 ** 2;

/** Four adapters of photos of 480 pixels a side, where attention maps are most of the memory, and four images. */
function run(batchSize: number) {
  return {
    photos: { cat: 4 },
    config: {
      // One session: threads of their own are more to begin with than what is missing here.
      device: { threads: 1 },
      training: { steps: 1, warmupSteps: 0, batchSize, resolution: 480 },
      sampling: { imagesPerClass: 4, steps: 1, guidanceScale: 1, batchSize },
    },
  };
}

/**
 * Only addresses can be limited. Where Node's own need of them meets the limit before the runtime's does, the process is
 * ended, which says nothing about batches: then the run is made once more.
 */
const options = { timeout: 100_000, retry: 4 };

test.runIf(process.platform === "linux")("memory that runs out halves the batches", options, async () => {
  const folder = await temporaryFolder();
  const [calm, tight] = [
    await makeTinyRun(join(folder, "calm"), run(1)),
    await makeTinyRun(join(folder, "tight"), run(4)),
  ];
  const one = await generate(calm.folder, undefined);
  expect(one.exitCode).toBe(0);
  // Room for one more row at most, not for three more.
  const limited = await generate(tight.folder, one.peakAddresses + 4 * mapBytes);
  expect(limited.exitCode, limited.stderr).toBe(0);
  const warnings = limited.events.filter(({ type }) => type === "warning").map(({ what }) => what);
  expect(warnings).toContainEqual(expect.stringContaining("Memory ran out with 4 adapters at once; going on with 2."));
  expect(await runBytes(tight.root)).toEqual(await runBytes(calm.root));
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
