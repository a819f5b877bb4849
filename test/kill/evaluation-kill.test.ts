/**
 * SIGKILL at random moments of an evaluation, again and again until it is done: it must end with the table and the
 * bytes of an undisturbed one. LOFT_KILLS sets how many kills, LOFT_KILL_SEED which.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { randomStream } from "../../daemon/base/random.ts";
import {
  type CommandEvent,
  type CommandProcess,
  type CommandResult,
  runCommand,
  startCommand,
} from "../support/cli-process.ts";
import { evaluationBytes, makeTinyEvaluation, writePictures } from "../support/tiny-evaluation.ts";
import type { TinyRun } from "../support/tiny-run.ts";

const kills = Number(process.env.LOFT_KILLS ?? 3);
const seed = Number(process.env.LOFT_KILL_SEED ?? 0);

/** Of each classifier; two groups of two classifiers. */
const steps = 6;
const groups = 2;

let run: TinyRun;
let undisturbed: CommandResult;
let wanted: Record<string, string>;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "loft-kill-evaluation-"));
  const settings = { rows: ["zero-shot", "real", "synthetic"], validation: "validation", steps };
  run = await makeTinyEvaluation(folder, settings);
  await writePictures(run, "validation", { cat: 2, dog: 1 });
  undisturbed = await evaluateCommand("10");
  expect(undisturbed.exitCode, undisturbed.stderr).toBe(0);
  wanted = await evaluationBytes(join(run.root, "evaluation"));
}, 180_000);

afterAll(() => rm(run.folder, { recursive: true, force: true }));

test("the undisturbed evaluation has every kind of file", () => {
  expect(Object.keys(wanted)).toEqual(expect.arrayContaining(["results.loft-results.json", "predictions.jsonl"]));
  // Five answers, and what is known of the set and of the splits.
  expect(Object.keys(wanted).filter((name) => /^[0-9a-f]{64}\.json$/.test(name))).toHaveLength(7);
});

test(`${kills} kills`, { timeout: 60_000 + kills * 30_000 }, async () => {
  const rng = randomStream(seed, "evaluation kills");
  const lines: string[] = [];
  for (let killed = 0; killed < kills; ) {
    // The images stay: kills among them are the other test's.
    await rm(join(run.root, "evaluation"), { recursive: true });
    const every = ["0", "0.05", "10"][lines.length % 3]!;
    const results: CommandResult[] = [];
    for (let left = groups * steps; killed < kills && 0 < left; killed += 1) {
      const result = await evaluateUntilKilled(every, rng.integer(left), 80 * rng.uniform());
      results.push(result);
      left -= countSteps(result);
      if (result.exitCode === 0) break;
    }
    const last = await evaluateCommand(every);
    expect(last.exitCode, last.stderr).toBe(0);
    results.push(last);
    const goneOn = results.flatMap(({ events }) => events.filter(({ event }) => isGoneOn(event))).length;
    const done = results.map(countSteps).join(" + ");
    lines.push(`${String(results.length).padStart(6)} starts  ${done} steps, ${goneOn} groups gone on with`);
    expect(await evaluationBytes(join(run.root, "evaluation")), lines.join("\n")).toEqual(wanted);
    expect(leftovers(await readdir(run.root, { recursive: true }))).toEqual([]);
    // Where each step was saved, none is done twice but the one that was under way.
    if (every === "0")
      expect(results.reduce((sum, each) => sum + countSteps(each), 0)).toBeLessThanOrEqual(mostSteps(results));
  }
  process.stdout.write(`${lines.join("\n")}\n${kills} kills, each time the same bytes\n`);
});

function evaluateCommand(every: string): Promise<CommandResult> {
  return runCommand(commandLine(every), run);
}

/** Kill an evaluation some milliseconds after a step of a classifier, or after its start. */
async function evaluateUntilKilled(every: string, step: number, delay: number): Promise<CommandResult> {
  const process = startCommand(commandLine(every), run);
  await untilStep(process, step);
  await sleep(delay);
  process.kill("SIGKILL");
  return process.result;
}

async function untilStep({ until }: CommandProcess, step: number): Promise<void> {
  let seen = 0;
  await until((event, index) => {
    if (index === 0) seen = 0;
    if (innerEvent(event).type === "training-step") seen += 1;
    return step === 0 ? innerEvent(event).type === "run-started" : step <= seen;
  });
}

function commandLine(every: string): string[] {
  return ["evaluate", run.config, "--json", "--checkpoint-seconds", every];
}

function countSteps({ events }: CommandResult): number {
  return events.filter(({ event }) => innerEvent(event).type === "training-step").length;
}

function isGoneOn(told: CommandEvent): boolean {
  const event = innerEvent(told);
  return event.type === "adapter-group-started" && 0 < event.step;
}

/** What a part of the evaluation tells. */
function innerEvent(event: CommandEvent) {
  return event.type === "evaluation" ? event.event : event;
}

/** All steps once, and for each kill one that was told but not saved yet. */
function mostSteps(results: readonly CommandResult[]): number {
  return groups * steps + results.length - 1;
}

function leftovers(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => /loft-tmp$|\.loft.lock|checkpoints.+safetensors$/.test(path));
}
