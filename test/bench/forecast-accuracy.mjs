/**
 * What `loft plan` and the running commands forecast, beside what is measured: peak memory and time.
 *
 *   node test/bench/forecast-accuracy.mjs [--loft FILE] [CONFIG ...]
 *
 * Each configuration is trained and sampled as it is, in a temporary run folder; without any, the bundled model is, at
 * several batch sizes. Linux only: the peak is VmHWM of /proc/PID/status. Ratios are forecast to measured.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const args = process.argv.slice(2);
const loft = args[0] === "--loft" ? args.splice(0, 2)[1] : join(root, "daemon", "loft.mjs");
const folder = mkdtempSync(join(tmpdir(), "loft-"));
try {
  process.stdout.write(
    "config            part      memory MB: forecast measured ratio   seconds left: forecast measured ratio\n",
  );
  for (const config of args.length === 0 ? bundledConfigs() : args) await compare(config);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The bundled model with few and with many rows a batch; one photo of each class where they are few. */
function bundledConfigs() {
  return [2, 20].map((batchSize) => {
    const file = join(folder, `mini-${batchSize}.loft.json`);
    const config = {
      name: `mini-${batchSize}`,
      data: { folder: join(root, "examples", "quick-start", "train"), shots: batchSize === 2 ? 1 : 4 },
      training: { batchSize, steps: 40, warmupSteps: 2 },
      sampling: { batchSize, imagesPerClass: batchSize === 2 ? 4 : 20, steps: 10 },
    };
    writeFileSync(file, JSON.stringify(config));
    return file;
  });
}

async function compare(config) {
  const output = join(folder, "run");
  const plan = (await run(["plan", config, "--json"])).events.at(-1);
  const { forecast } = plan;
  const train = await run(["train", config, "--output", output, "--json"]);
  const steps = train.events.filter(({ type }) => type === "training-step");
  if (0 < steps.length) {
    row(config, "train", forecast.memoryByPart.training, train, steps[Math.min(19, steps.length - 1)]);
  }
  const sample = await run(["sample", config, "--output", output, "--json"]);
  const images = sample.events.filter(({ type }) => type === "images-finished");
  row(config, "sample", forecast.memoryByPart.sampling, sample, images[0]);
  const perStep =
    steps.reduce((sum, { durationSeconds, losses }) => sum + durationSeconds / losses.length, 0) / steps.length;
  const perImage =
    images.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0) /
    images.reduce((sum, { files }) => sum + files.length, 0);
  const ratio = (expected, found) => (expected / found).toFixed(2);
  process.stdout.write(
    `  plan: ${forecast.secondsPerAdapterStep.toFixed(4)} s an adapter-step, measured ${perStep.toFixed(4)} (${ratio(forecast.secondsPerAdapterStep, perStep)});` +
      ` ${forecast.secondsPerImage.toFixed(3)} s an image, measured ${perImage.toFixed(3)} (${ratio(forecast.secondsPerImage, perImage)})` +
      "\n",
  );
  rmSync(output, { recursive: true, force: true });
}

/** @param told the event whose `secondsLeft` is compared with the time that the run took from there */
function row(config, part, bytes, { peak, ended }, told) {
  const expected = bytes / 2 ** 20;
  const took = (ended - told.at) / 1000;
  const cells = [expected.toFixed(0), peak.toFixed(0), (expected / peak).toFixed(2)];
  const times = [told.secondsLeft?.toFixed(1) ?? "-", took.toFixed(1), ((told.secondsLeft ?? 0) / took).toFixed(2)];
  const name = config.split("/").at(-1).replace(".loft.json", "");
  const columns = (texts) => texts.map((text) => text.padStart(9)).join("");
  const line = [name.padEnd(18), part.padEnd(9), columns(cells), " ".repeat(14), columns(times)];
  process.stdout.write(`${line.join(" ")}\n`);
}

/** Events of a command with the time they came, the time of its end, and its highest resident memory in MB. */
function run(command) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [loft, ...command], { stdio: ["ignore", "pipe", "inherit"] });
    const events = [];
    let peak = 0;
    let ended = performance.now();
    const poll = setInterval(() => {
      try {
        const found = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"));
        peak = Math.max(peak, Number(found?.[1] ?? 0) / 1024);
      } catch {
        // It has ended.
      }
    }, 20);
    createInterface(child.stdout).on("line", (line) => {
      const event = JSON.parse(line);
      events.push({ ...event, at: performance.now() });
      if (event.type === "run-finished") ended = performance.now();
    });
    child.on("close", (code) => {
      clearInterval(poll);
      if (code === 0) resolve({ events, peak, ended });
      else reject(new Error(`loft ${command.join(" ")} ended with ${code}`));
    });
  });
}
