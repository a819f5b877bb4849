/** What is measured inside the extension host: activation, the way to the first diagnostics, and delays during a run. */
import { writeFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { type CompletionList, commands, languages, Position } from "vscode";
import type { RunSummary } from "../../../schemas/protocol.ts";
import { eventually, fileUri, loftExtension, openConfig } from "./editor.ts";

/** Delays of the event loop. A task is a delay in which this process itself computed; others are the machine's. */
type Delays = { readonly longestMilliseconds: number; readonly longestTaskMilliseconds: number };

/** From the wish to open a configuration: until the editor shows it, its mistake is underlined, completion answers. */
export type Opening = {
  readonly shownMilliseconds: number;
  readonly underlinedMilliseconds: number;
  readonly completedMilliseconds: number;
};

export type EditorFigures = {
  readonly activateMilliseconds: number;
  readonly activateProcessorMilliseconds: number;
  readonly firstOpened: Opening;
  readonly nextOpened: Opening;
  readonly daemonMilliseconds: number;
  readonly idle: Delays;
  readonly run: Delays & { readonly seconds: number; readonly images: number };
};

const typo = '{\n  "data": { "folder": "photos" },\n  "sampling": { "imagesPerClas": 4 }\n}\n';

export async function run(): Promise<void> {
  const { activation, services } = await loftExtension();
  const firstOpened = await openAndAsk("first.loft.json");
  const nextOpened = await openAndAsk("second.loft.json");
  // The first start warms the disk's cache; restarts are what a user sees after that.
  await services.client.request("loft/shutdown", { drain: true });
  await eventually("the loss of the daemon", () => services.client.state !== "ready" || undefined);
  const daemonMilliseconds = await timed(() => services.client.ensure());
  const idle = await delaysDuring(() => sleep(10_000));
  let images = 0;
  const seconds = { value: 0 };
  const delays = await delaysDuring(async () => {
    const milliseconds = await timed(async () => {
      images = await generate();
    });
    seconds.value = milliseconds / 1000;
  });
  const figures: EditorFigures = {
    activateMilliseconds: activation.milliseconds,
    activateProcessorMilliseconds: activation.cpuMilliseconds,
    firstOpened,
    nextOpened,
    daemonMilliseconds,
    idle,
    run: { ...delays, seconds: seconds.value, images },
  };
  writeFileSync(process.env.LOFT_HOST_REPORT ?? "", JSON.stringify(figures));
}

async function openAndAsk(name: string): Promise<Opening> {
  const started = performance.now();
  const document = await openConfig(name, typo);
  const shownMilliseconds = performance.now() - started;
  const underlined = () => (0 < languages.getDiagnostics(document.uri).length ? true : undefined);
  await eventually("diagnostics", underlined);
  const underlinedMilliseconds = performance.now() - started;
  const place = new Position(2, 16);
  const ask = () =>
    commands.executeCommand<CompletionList>("vscode.executeCompletionItemProvider", document.uri, place);
  await eventually("completions", async () => (0 < (await ask()).items.length ? true : undefined));
  return { shownMilliseconds, underlinedMilliseconds, completedMilliseconds: performance.now() - started };
}

/** A run with the panel open, to its end. */
async function generate(): Promise<number> {
  const { services } = await loftExtension();
  const started = await commands.executeCommand<RunSummary>("loft.generateDataset", fileUri("shoes.loft.json"));
  const finished = await eventually(
    "the end of the run",
    () => {
      const found = services.runs.get(started.run);
      if (found?.state === "failed") throw new Error(JSON.stringify(found.error));
      return found?.state === "finished" ? found : undefined;
    },
    300_000,
  );
  return finished.progress?.imagesDone ?? 0;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Between two looks of a timer. */
const lookMilliseconds = 5;

async function delaysDuring(work: () => Promise<unknown>): Promise<Delays> {
  const monitor = monitorEventLoopDelay({ resolution: lookMilliseconds });
  monitor.enable();
  let longestTask = 0;
  let [at, used] = [performance.now(), process.cpuUsage()];
  const timer = setInterval(() => {
    const delay = performance.now() - at - lookMilliseconds;
    const { user, system } = process.cpuUsage(used);
    // Of a machine that does other things too, only what this process computed counts.
    longestTask = Math.max(longestTask, Math.min(delay, (user + system) / 1000));
    [at, used] = [performance.now(), process.cpuUsage()];
  }, lookMilliseconds);
  try {
    await work();
  } finally {
    clearInterval(timer);
    monitor.disable();
  }
  return { longestMilliseconds: monitor.max / 1e6, longestTaskMilliseconds: longestTask };
}
