/**
 * One contestant of the benchmark in a process of its own, so that its memory is its own: `contestant.js JOB`, with JOB
 * as JSON. Says `{"ready":true}` after a first small piece of work, then answers each line of standard input with one
 * line of JSON.
 */
import { createInterface } from "node:readline";
import type { Answer, Job } from "./job.ts";
import { switching } from "./switch-adapters.ts";
import { sampling, training } from "./train-and-sample.ts";
import { clipTraining, resnetTraining } from "./train-classifiers.ts";

const job = JSON.parse(process.argv[2]!) as Job;
const works = {
  ...{ train: training, sample: sampling, switch: switching },
  ...{ clip: clipTraining, resnet: resnetTraining },
} as const;
const work = await works[job.kind](job);
await work.warmUp();
say({ ready: true });
for await (const _ of createInterface({ input: process.stdin })) {
  const result = await work.run();
  say({ ...result, peakBytes: process.resourceUsage().maxRSS * 1024 });
}
await work.end();

function say(answer: Answer | { readonly ready: true }): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
