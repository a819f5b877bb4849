/**
 * From a keystroke to its diagnostics in a configuration of 2,000 lines: the real server over streams in memory, asked by
 * a plain client, one keystroke at a time. Prints percentiles of the wall time and of the processor time that both ends
 * took together; exits 1 when the 95th percentile of the wall time is not under 20 ms.
 */
import type { ConfigFacts } from "../../daemon/config/facts.ts";
import { clientInProcess, type LanguageClient } from "../support/language-client.ts";

const limitMilliseconds = 20;
const keystrokes = 400;
const warmUp = 60;
const classCount = 1985;

type Time = { readonly wall: number; readonly processor: number };

const folders = Array.from({ length: classCount }, (_, index) => `class_${String(index).padStart(4, "0")}`);

const facts: ConfigFacts = {
  listFolder: async () => [],
  data: async () => ({
    state: "folder",
    classes: folders.map((folder) => ({ folder, photoCount: 16 })),
    loosePhotos: 0,
  }),
  baseText: async () => ({ failure: "missing" }),
  isFile: async () => true,
  models: async () => [],
  model: async (name) => ({ name, state: "ready", side: 64, stride: 4, narrowestLayer: 64 }),
  cost: async () => undefined,
  schemaReference: () => "./loft.schema.json",
  memoryBytes: 8e9,
};

/** Places where people type, each with what they type there; a place is a piece of the text that stands before it. */
const typing: readonly (readonly [after: string, typed: string])[] = [
  ['"name": "bench', " of the keyboard"],
  ['"shots": 4', "2"],
  ['"class_1000": "class 1000', " 🐦 robin"],
  ['"imagesPerClass": 100', ',\n    "steps": 20, "guidanceSc": 1'],
  ['"seed": 1', '0, "sed": [1, 2'],
  ['"class_0003": ', '"'],
];

const uri = "file:///bench/bench.loft.json";
const client = await clientInProcess(facts);
const text = configuration();
await client.open(uri, text);
await client.diagnostics(() => true);
// The facts of the disk come behind the first diagnostics.
await new Promise((resolve) => setTimeout(resolve, 500));
const times = await typeAll(client, text);
client.close();
report(times.slice(warmUp));

/** 2,000 lines: a short configuration, and a name for each of very many classes. */
function configuration(): string {
  const names = folders.map((folder) => `      "${folder}": "${folder.replace("_", " ")}"`).join(",\n");
  return `{
  // what the bench types into
  "name": "bench",
  "seed": 1,
  "data": {
    "folder": "photos",
    "shots": 4,
    "classNames": {
${names}
    }
  },
  "sampling": {
    "imagesPerClass": 100
  }
}
`;
}

/** Types every text at its place, character by character, deletes it again, and so on. */
async function typeAll(typist: LanguageClient, original: string): Promise<readonly Time[]> {
  const all: Time[] = [];
  let version = 1;
  for (let round = 0; all.length < keystrokes + warmUp; round += 1) {
    const [after, typed] = typing[round % typing.length] as readonly [string, string];
    const start = original.indexOf(after) + after.length;
    const letters = [...typed];
    for (let count = 0; count < 2 * letters.length; count += 1) {
      version += 1;
      const done = Math.min(count, 2 * letters.length - 1 - count);
      const offset = start + letters.slice(0, done).join("").length;
      const letter = letters[done] as string;
      const before = original.slice(0, start) + letters.slice(0, done).join("");
      const change =
        count < letters.length
          ? { range: rangeAt(before, offset, 0), text: letter }
          : { range: rangeAt(before + letter, offset, letter.length), text: "" };
      all.push(await press(typist, version, change));
    }
  }
  return all;
}

async function press(typist: LanguageClient, version: number, change: object): Promise<Time> {
  // Asking for the processor time takes a good part of a millisecond: it is left out of the wall time.
  const processor = process.cpuUsage();
  const started = performance.now();
  await typist.notify("textDocument/didChange", { textDocument: { uri, version }, contentChanges: [change] });
  await typist.diagnostics((published) => published.version === version);
  const wall = performance.now() - started;
  const used = process.cpuUsage(processor);
  return { wall, processor: (used.user + used.system) / 1000 };
}

function rangeAt(before: string, offset: number, length: number): object {
  const position = (at: number) => {
    const lines = before.slice(0, at).split("\n");
    return { line: lines.length - 1, character: (lines.at(-1) as string).length };
  };
  return { start: position(offset), end: position(offset + length) };
}

function report(measured: readonly Time[]): void {
  const shares = [0.5, 0.95, 0.99, 1];
  const percentiles = (pick: (time: Time) => number) => {
    const sorted = measured.map(pick).sort((left, right) => left - right);
    return shares.map((share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number);
  };
  const [wall, processor] = [percentiles((time) => time.wall), percentiles((time) => time.processor)];
  const lines = text.split("\n").length - 1;
  if (process.argv.includes("--json")) {
    process.stdout.write(`${JSON.stringify({ lines, keystrokes: measured.length, wall, processor })}\n`);
  } else {
    const row = (name: string, values: readonly number[]) =>
      `${name.padEnd(16)}${values.map((value) => value.toFixed(1).padStart(8)).join("")}\n`;
    process.stdout.write(`keystroke to diagnostics, ${lines} lines, ${measured.length} keystrokes, ms\n`);
    process.stdout.write(
      `${"".padEnd(16)}${["50 %", "95 %", "99 %", "most"].map((name) => name.padStart(8)).join("")}\n`,
    );
    process.stdout.write(row("wall", wall) + row("processor", processor));
  }
  if (limitMilliseconds <= (wall[1] as number)) process.exitCode = 1;
}
