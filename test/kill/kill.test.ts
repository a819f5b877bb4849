/**
 * SIGKILL at random moments of every phase, then again and again until the run is done: it must end with the bytes of
 * an undisturbed run. LOFT_KILLS sets how many kills (`npm run test:kill` 20, `npm test` 3), LOFT_KILL_SEED which.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Rng, randomStream } from "../../daemon/base/random.ts";
import { type CommandResult, runCommand, startCommand } from "../support/cli-process.ts";
import { runBytes } from "../support/run-bytes.ts";
import { makeTinyRun, type TinyRun, tinySteps } from "../support/tiny-run.ts";

const kills = Number(process.env.LOFT_KILLS ?? 3);
const seed = Number(process.env.LOFT_KILL_SEED ?? 0);

/** A start is killed `delay` milliseconds after its event number `after` (-1: after its start). */
type Moment = { readonly phase: Phase; readonly after: number; readonly delay: number };
type Phase = (typeof phases)[number];
const phases = ["training", "adapter files", "sampling", "dataset files", "start"] as const;

let run: TinyRun;
let undisturbed: CommandResult;
let wanted: Record<string, string>;
let adapterCount: number;

beforeAll(async () => {
  run = await makeTinyRun(await mkdtemp(join(tmpdir(), "loft-kill-")));
  undisturbed = await generate("undisturbed");
  expect(undisturbed.exitCode, undisturbed.stderr).toBe(0);
  wanted = await runBytes(join(run.folder, "undisturbed"));
  adapterCount = undisturbed.events.filter(({ event }) => event.type === "adapter-finished").length;
});

afterAll(() => rm(run.folder, { recursive: true, force: true }));

test("the undisturbed run has every kind of file", () => {
  const kinds = [/^adapters\/cat\/\w+\/pytorch_lora_weights\.safetensors$/, /^adapters\/dog\/\w+\/training\.jsonl$/];
  const others = [/^photos\/cat\/\w+\.png$/, /^data\/train\/dog\/000003\.png$/, /^data\/train\/metadata\.jsonl$/];
  for (const kind of [...kinds, ...others, /^manifest\.json$/, /^README\.md$/, /^data\/classes\.json$/]) {
    expect(Object.keys(wanted).filter((file) => kind.test(file)).length, String(kind)).toBeGreaterThan(0);
  }
});

test(`${kills} kills`, { timeout: 60_000 + kills * 30_000 }, async () => {
  const rng = randomStream(seed, "kills");
  const lines: string[] = [];
  for (let killed = 0, round = 1; killed < kills; round += 1) {
    const result = await killedRun(`killed-${round}`, rng, { round, most: Math.min(kills - killed, 1 + (round % 3)) });
    killed += result.moments.length;
    lines.push(lineOf(round, result));
    expect(result.bytes, lines.join("\n")).toEqual(wanted);
    expect(result.leftovers, lines.join("\n")).toEqual([]);
  }
  process.stdout.write(`${table(lines)}\n`);
});

type KilledRun = {
  readonly moments: readonly Moment[];
  readonly stepsRepeated: number;
  readonly bytes: Record<string, string>;
  /** What should be gone at the end: locks, checkpoints, half-written files. */
  readonly leftovers: readonly string[];
};

/** Start a run, kill it up to `most` times, and let the last start finish. */
async function killedRun(
  name: string,
  rng: Rng,
  { round, most }: { readonly round: number; readonly most: number },
): Promise<KilledRun> {
  const moments: Moment[] = [];
  let steps = 0;
  // Saving each step, saving now and then, and never saving, all must end the same.
  const every = ["0", "0.05", "10"][round % 3]!;
  while (moments.length < most) {
    const phase = phases[(round + moments.length) % phases.length]!;
    const moment = momentIn(moments.length === 0 ? phase : anyPhase(rng), rng);
    const result = await generateUntil(name, moment, every);
    steps += countSteps(result);
    if (result.exitCode === 0) break;
    moments.push(moment);
  }
  const last = await generate(name, every);
  expect(last.exitCode, last.stderr).toBe(0);
  const root = join(run.folder, name);
  const bytes = await runBytes(root);
  const leftovers = (await readdir(root, { recursive: true })).filter(isLeftover);
  await rm(root, { recursive: true });
  return { moments, stepsRepeated: steps + countSteps(last) - adapterCount * tinySteps, bytes, leftovers };
}

async function generateUntil(name: string, { after, delay }: Moment, every: string): Promise<CommandResult> {
  const process = startCommand(generateArguments(name, every), run);
  if (0 <= after) await process.until((_, index) => after <= index);
  await sleep(delay);
  process.kill("SIGKILL");
  return process.result;
}

function generate(name: string, every = "10"): Promise<CommandResult> {
  return runCommand(generateArguments(name, every), run);
}

function generateArguments(name: string, every: string): string[] {
  return ["generate", run.config, "--output", name, "--json", "--checkpoint-seconds", every];
}

function anyPhase(rng: Rng): Phase {
  return phases[rng.integer(phases.length)]!;
}

/** A moment of a phase: at one of its events in the undisturbed run, or anywhere before the event that follows. */
function momentIn(phase: Phase, rng: Rng): Moment {
  const candidates = undisturbed.events.flatMap(({ milliseconds }, index) => {
    if (phaseAfter(index) !== phase) return [];
    const end = undisturbed.events[index + 1]?.milliseconds ?? undisturbed.milliseconds;
    return [{ phase, after: index, delay: (end - milliseconds) * rng.uniform() }];
  });
  const beforeAll = { phase: "start", after: -1, delay: undisturbed.events[0]!.milliseconds * rng.uniform() } as const;
  const all = phase === "start" ? [beforeAll, ...candidates] : candidates;
  return all[rng.integer(all.length)]!;
}

/** What goes on after an event of the undisturbed run. */
function phaseAfter(index: number): Phase {
  const { event } = undisturbed.events[index]!;
  switch (event.type) {
    case "training-step":
      return event.step < event.steps ? "training" : "adapter files";
    case "adapter-group-started":
      return "training";
    case "adapter-finished":
      return undisturbed.events[index + 1]?.event.type === "images-finished" ? "sampling" : "adapter files";
    case "images-finished":
      return undisturbed.events[index + 1]?.event.type === "run-finished" ? "dataset files" : "sampling";
    default:
      return event.type === "run-finished" ? "dataset files" : "start";
  }
}

/** Steps times adapters. */
function countSteps({ events }: CommandResult): number {
  return events.reduce((sum, { event }) => sum + (event.type === "training-step" ? event.losses.length : 0), 0);
}

function isLeftover(path: string): boolean {
  return /loft-tmp$|\.loft.lock|checkpoints.+safetensors$/.test(path);
}

function lineOf(round: number, { moments, stepsRepeated, bytes }: KilledRun): string {
  const where = moments.map(({ phase, after, delay }) => `${phase} (event ${after} + ${delay.toFixed(0)} ms)`);
  const same = JSON.stringify(bytes) === JSON.stringify(wanted) ? "same bytes" : "DIFFERENT BYTES";
  return [String(round).padStart(5), same, `${stepsRepeated} steps again`.padStart(15), where.join(", ")].join("  ");
}

function table(lines: readonly string[]): string {
  const files = Object.keys(wanted).length;
  const head = `undisturbed: ${files} files, ${undisturbed.events.length} events, ${(undisturbed.milliseconds / 1000).toFixed(1)} s`;
  const columns = "  run  result                 repeated  killed in";
  return [head, columns, ...lines, `${kills} kills, ${lines.length} runs, each time the same bytes`].join("\n");
}
