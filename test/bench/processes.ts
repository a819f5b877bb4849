/** The benchmark's contestants as the benchmark sees them: processes that do a piece of work when they are told to. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Answer, classNames, type Job, picturesPerStep } from "./job.ts";

export type Contestant = {
  /** Do one turn's work. */
  readonly run: () => Promise<Answer>;
  readonly end: () => Promise<void>;
};

/** LoFT, ready to do the job. */
export function loftContestant(script: string, job: Job): Promise<Contestant> {
  return started("LoFT", process.execPath, [script, JSON.stringify(job)], "run", "inherit");
}

/** diffusers and PEFT (peer.py), told `command` at each turn. */
export function pythonContestant(
  python: string,
  root: string,
  { model, resolution }: Pick<Job, "model" | "resolution">,
  command: string,
): Promise<Contestant> {
  const photos = join(root, "examples", "quick-start", "train");
  const script = join(root, "test", "bench", "peer.py");
  const needs = `${python}, which needs torch, diffusers, peft and transformers`;
  return started(needs, python, [script, model, photos, String(resolution)], command);
}

/** transformers and PEFT (classifier_peer.py), told `command` at each turn. */
export function classifierContestant(
  python: string,
  root: string,
  { model, resolution }: Pick<Job, "model" | "resolution">,
  command: string,
): Promise<Contestant> {
  const script = join(root, "test", "bench", "classifier_peer.py");
  const args = [script, model, classNames.join(), String(resolution), String(picturesPerStep)];
  return started(`${python}, which needs torch, peft and transformers`, python, args, command);
}

async function started(
  name: string,
  program: string,
  args: readonly string[],
  command: string,
  errors: "inherit" | "ignore" = "ignore",
): Promise<Contestant> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", errors] });
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const line = await lines.next();
    if (line.done) throw new Error(`${name} ended too early: ${program} ${args.join(" ")}`);
    return JSON.parse(line.value) as Answer;
  };
  await answer();
  return {
    run: () => {
      child.stdin.write(`${command}\n`);
      return answer();
    },
    end: () => {
      child.stdin.end();
      return ended;
    },
  };
}

/** How long a command takes to its end. */
export async function secondsOf(program: string, args: readonly string[], folder: string): Promise<number> {
  const began = performance.now();
  const child = spawn(program, args, { cwd: folder, stdio: "ignore" });
  const code = await new Promise((resolve, reject) => {
    child.once("close", resolve);
    child.once("error", reject);
  });
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}`);
  return (performance.now() - began) / 1000;
}
