/**
 * The benchmark: start-up, adapters trained one at a time and at once, images one at a time and in batches, switching
 * among adapters, classifiers, and the memory of each. Contestants are processes of their own and take turns, so that a
 * slow moment of the machine meets all of them; figures are medians over the rounds.
 */
import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { loadDiffusionModel, nativeResolution } from "../../daemon/diffusion/diffusion-model.ts";
import type { Job } from "./job.ts";
import { type Contestant, classifierContestant, loftContestant, pythonContestant, secondsOf } from "./processes.ts";
import { insertTables, type Report, type Row, type Section, textReport } from "./report.ts";

const usage = `npm run bench [-- OPTIONS]

  --peer PYTHON        the same work with diffusers and PEFT beside it; PYTHON has torch, diffusers, peft, transformers
  --json               print JSON
  --markdown FILE      put the tables into FILE, between its marks
  --model FOLDER       another model (default: the bundled one)
  --name NAME          what the tables and the marks of --markdown call it (default: the folder's name)
  --resolution N       side of photos and images (default: the model's own)
  --batches N,N,...    adapters and images at once (default: 1,4,16)
  --steps N            denoising steps of an image (default: 50)
  --rounds N           turns of each contestant (default: 5)
  --parts NAME,...     some of start-up, training, sampling, switching, classifiers (default: all)
  --dedicated          waiting threads spin, as PyTorch's do: for a machine that does nothing else
`;

const partNames = ["start-up", "training", "sampling", "switching", "classifiers"] as const;
type PartName = (typeof partNames)[number];

type Options = {
  readonly python: string | undefined;
  readonly json: boolean;
  readonly markdown: string | undefined;
  readonly name: string;
  readonly batches: readonly number[];
  readonly rounds: number;
  readonly parts: readonly PartName[];
  /** What all jobs share. */
  readonly job: Omit<Job, "kind" | "count">;
};

type Places = { readonly root: string; readonly contestant: string };

/** Measure and print. @returns the exit code */
export async function main({
  arguments: args,
  ...places
}: Places & { readonly arguments: readonly string[] }): Promise<number> {
  const options = await readOptions(places.root, args);
  if (options === undefined) {
    process.stdout.write(usage);
    return args.includes("--help") ? 0 : 2;
  }
  const report = await measure(options, places);
  if (options.markdown !== undefined) {
    await writeFile(options.markdown, insertTables(await readFile(options.markdown, "utf8"), report));
  }
  process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : textReport(report));
  return 0;
}

async function readOptions(root: string, args: readonly string[]): Promise<Options | undefined> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const names = ["peer", "markdown", "model", "name", "resolution", "batches", "steps", "rounds", "parts"] as const;
  const options = { ...Object.fromEntries(names.map((name) => [name, text])), json: flag, dedicated: flag, help: flag };
  const { values } = parseArgs({ args: [...args], options }) as { values: Partial<Record<string, string | boolean>> };
  const given = (name: string) => values[name] as string | undefined;
  const numbers = (name: string, otherwise: string) => (given(name) ?? otherwise).split(",").map(Number);
  const parts = (given("parts")?.split(",") ?? partNames) as readonly PartName[];
  const model = resolve(given("model") ?? join(root, "models", "loft-mini"));
  const [steps, rounds] = [numbers("steps", "50")[0]!, numbers("rounds", "5")[0]!];
  const batches = numbers("batches", "1,4,16");
  const isFine =
    [steps, rounds, ...batches].every((number) => Number.isInteger(number) && 0 < number) &&
    parts.every((part) => partNames.includes(part));
  if (values.help === true || !isFine) return undefined;
  const own = nativeResolution(await loadDiffusionModel(model, { provider: "cpu", threads: 0 }));
  const resolution = numbers("resolution", String(own))[0]!;
  const markdown = given("markdown");
  return {
    python: given("peer"),
    json: values.json === true,
    markdown: markdown === undefined ? undefined : resolve(markdown),
    name: given("name") ?? basename(model),
    batches,
    rounds,
    parts,
    job: { steps, model, resolution, dedicated: values.dedicated === true },
  };
}

async function measure(options: Options, places: Places): Promise<Report> {
  const sections: Section[] = [];
  const measured: Record<PartName, () => Promise<Section>> = {
    "start-up": () => startUp(options, places),
    training: () => takeTurns("Training", "adapter-steps/s", trainers(options, places), options.rounds),
    sampling: () =>
      takeTurns(`Sampling, ${options.job.steps} steps, guided`, "images/s", samplers(options, places), options.rounds),
    switching: () => takeTurns("Switching", "pairs/s", switchers(options, places), options.rounds),
    classifiers: () => takeTurns("Classifiers", "pictures/s", classifiers(options, places), options.rounds),
  };
  for (const part of options.parts) sections.push(await measured[part]());
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} cores, Node.js ${process.versions.node}`,
    model: options.name,
    resolution: options.job.resolution,
    dedicated: options.job.dedicated,
    sections,
  };
}

/** A way to start a contestant: they start one after the other, each when it is its part's turn. */
type Start = { readonly what: string; readonly start: () => Promise<Contestant> };

async function takeTurns(title: string, unit: string, starts: readonly Start[], rounds: number): Promise<Section> {
  const contestants: Contestant[] = [];
  try {
    for (const { start } of starts) contestants.push(await start());
    const rates = contestants.map((): number[] => []);
    const peaks = contestants.map(() => 0);
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, contestant] of contestants.entries()) {
        const { perSecond, peakBytes } = await contestant.run();
        rates[index]!.push(perSecond);
        peaks[index] = Math.max(peaks[index]!, peakBytes);
      }
    }
    const rows = starts.map(({ what }, index): Row => {
      const perSecond = median(rates[index]!);
      return { what, perSecond, ratio: perSecond / median(rates[0]!), peakBytes: peaks[index]! };
    });
    return { title, unit, rows };
  } finally {
    for (const contestant of contestants) await contestant.end();
  }
}

/** From the command to the end, or to the first finished step. */
async function startUp({ job, python, rounds }: Options, places: Places): Promise<Section> {
  const version = () =>
    secondsOf(process.execPath, [join(places.root, "daemon", "loft.mjs"), "--version"], places.root);
  const firstStep = async () => {
    const started = performance.now();
    const contestant = await loftContestant(places.contestant, { ...job, kind: "train", count: 1 });
    const taken = (performance.now() - started) / 1000;
    await contestant.end();
    return taken;
  };
  const pythonFirstStep = async () => {
    const started = performance.now();
    const contestant = await pythonContestant(python!, places.root, job, "train precomputed 1");
    await contestant.run();
    const taken = (performance.now() - started) / 1000;
    await contestant.end();
    return taken;
  };
  const measures = [
    ["loft --version", version],
    ["LoFT, first training step", firstStep],
    ...(python === undefined ? [] : [["Python, first training step", pythonFirstStep] as const]),
  ] as const;
  const rows: Row[] = [];
  for (const [what, once] of measures) {
    const times: number[] = [];
    for (let round = 0; round < Math.min(rounds, 3); round += 1) times.push(await once());
    rows.push({ what, seconds: median(times) });
  }
  return { title: "Start-up", unit: "s", rows };
}

function loftStart(places: Places, what: string, job: Job): Start {
  return { what: `LoFT, ${what}`, start: () => loftContestant(places.contestant, job) };
}

/** Nothing, where no Python is named. */
function pythonStarts(
  { python, job }: Options,
  places: Places,
  commands: readonly (readonly [what: string, command: string])[],
): Start[] {
  if (python === undefined) return [];
  return commands.map(([what, command]) => ({
    what: `Python, ${what}`,
    start: () => pythonContestant(python, places.root, job, command),
  }));
}

function trainers(options: Options, places: Places): Start[] {
  const most = Math.max(...options.batches);
  const steps = options.batches.length === 1 && most === 1 ? 2 : 12;
  return [
    ...options.batches.map((count) => loftStart(places, `${count} at once`, { ...options.job, kind: "train", count })),
    ...pythonStarts(options, places, [
      ["plain", `train plain ${steps}`],
      ["latents precomputed, fused AdamW", `train precomputed ${steps}`],
      ...(1 < most ? [[`${most} lanes in own PyTorch code`, `train lanes ${most} 2`] as const] : []),
    ]),
  ];
}

function samplers(options: Options, places: Places): Start[] {
  const { batches, job } = options;
  return [
    ...batches.map((count) =>
      loftStart(places, `${count} at once, each its own pair`, { ...job, kind: "sample", count }),
    ),
    ...pythonStarts(options, places, [
      ["one at a time", `sample plain 1 ${job.steps}`],
      ...(1 < Math.max(...batches) ? [["merged pair, batch 4", `sample merged 4 1 ${job.steps}`] as const] : []),
    ]),
  ];
}

function switchers(options: Options, places: Places): Start[] {
  return [
    ...[2, 100, 1000].map((count) =>
      loftStart(places, `among ${count.toLocaleString("en")}`, { ...options.job, kind: "switch", count }),
    ),
    // Adding an adapter to a PEFT model takes the longer the more it has: a thousand would take an hour.
    ...pythonStarts(options, places, [
      ["set_adapters among 2", "switch 2"],
      ["set_adapters among 100", "switch 100"],
    ]),
  ];
}

/** Three at once are what an evaluation trains; Python trains one after the other, at the rate of one. */
function classifiers({ python, job }: Options, places: Places): Start[] {
  const clip: Job = { ...job, kind: "clip", count: 1, model: join(places.root, "models", "loft-mini-clip") };
  const resnet: Job = { ...clip, kind: "resnet" };
  const peer = (what: string, command: string): Start[] =>
    python === undefined
      ? []
      : [{ what: `Python, ${what}`, start: () => classifierContestant(python, places.root, clip, command) }];
  return [
    loftStart(places, "CLIP, 1 alone", clip),
    loftStart(places, "CLIP, 3 at once", { ...clip, count: 3 }),
    loftStart(places, "CLIP, 3 at once, pictures augmented", { ...clip, count: 3, drawn: true }),
    ...peer("CLIP", "clip 6"),
    loftStart(places, "ResNet, 1 alone", resnet),
    loftStart(places, "ResNet, 3 at once", { ...resnet, count: 3 }),
    ...peer("ResNet", "resnet 6"),
  ];
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[values.length >> 1]!;
}
