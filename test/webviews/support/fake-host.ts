/** Plays the extension to a page in a browser: answers its messages, remembers them, and sends what a test wants. */
import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import type { LossCurve, RunSummary, Sample } from "../../../schemas/protocol.ts";
import {
  type HostMessage,
  type PageMessage,
  type PageRequest,
  type PageState,
  readPageMessage,
} from "../../../webviews/samples/protocol.ts";
import { type FakeRun, fakeCurves } from "./fake-run.ts";
import { blend, type PageServer, photoPath } from "./page-server.ts";
import type { Theme } from "./themes.ts";

export type FakeHost = {
  readonly page: Page;
  /** Every message of the page, checked as the extension checks them. */
  readonly received: PageMessage[];
  readonly send: (message: HostMessage) => Promise<void>;
  /** Requests by name. */
  readonly asked: <N extends PageRequest["name"]>(name: N) => readonly Extract<PageRequest, { name: N }>[];
  /** Errors, refused loads and warnings of the content security policy. */
  readonly complaints: string[];
  readonly keptState: () => Promise<PageState | undefined>;
  readonly close: () => Promise<void>;
};

export type FakeHostOptions = {
  readonly theme: Theme;
  readonly width?: number;
  readonly height?: number;
  /** Animations run; without it the page meets a person who asked for reduced motion. */
  readonly motion?: boolean;
  readonly keptState?: PageState;
  readonly curves?: readonly LossCurve[];
  readonly zoom?: number;
  /** Milliseconds that a fused sample takes. */
  readonly fuseMilliseconds?: number;
  /** Instead of the usual answer. */
  readonly answer?: (request: PageRequest) => HostMessage | undefined;
};

export async function openPage(browser: Browser, server: PageServer, run: FakeRun, options: FakeHostOptions) {
  const zoom = options.zoom ?? 1;
  const viewport = { width: (options.width ?? 1100) / zoom, height: (options.height ?? 760) / zoom };
  const page = await browser.newPage({
    viewport: { width: Math.round(viewport.width), height: Math.round(viewport.height) },
    deviceScaleFactor: zoom,
    reducedMotion: options.motion === true ? "no-preference" : "reduce",
  });
  // A machine that does much else is slow, not wrong.
  page.setDefaultTimeout(90_000);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  const host = hostOf(page, run, complaints, options, server);
  await page.exposeFunction("loftPost", (message: unknown) => host.hear(message));
  await page.addInitScript(installApi, options.keptState);
  await page.goto(server.pageUrl(options.theme));
  return host.outside;
}

/** Runs in the page, before its own script. */
function installApi(kept: unknown): void {
  let state: unknown = kept;
  const world = globalThis as unknown as Record<string, unknown> & { loftPost: (message: unknown) => void };
  world.acquireVsCodeApi = () => ({
    postMessage: (message: unknown) => world.loftPost(message),
    getState: () => state,
    setState: (next: unknown) => {
      state = next;
    },
  });
  world.loftState = () => state;
}

function hostOf(page: Page, run: FakeRun, complaints: string[], options: FakeHostOptions, server: PageServer) {
  const received: PageMessage[] = [];
  const send = async (message: HostMessage): Promise<void> => {
    // As text: a large value takes the browser's protocol many seconds.
    await page.evaluate((sent) => {
      const world = globalThis as unknown as { postMessage: (message: unknown, to: string) => void; origin: string };
      world.postMessage(JSON.parse(sent), world.origin);
    }, JSON.stringify(message));
  };
  const hear = async (value: unknown): Promise<void> => {
    const message = readPageMessage(value);
    if (message === undefined) throw new Error(`The page sent ${JSON.stringify(value)}`);
    received.push(message);
    const reply = message.type === "ready" ? snapshot(run, server) : await replyTo(message, run, options);
    if (!page.isClosed()) await send(reply);
  };
  const outside: FakeHost = {
    page,
    received,
    send,
    complaints,
    asked: (name) => received.filter((message) => message.type === "request" && message.name === name) as never,
    keptState: () => page.evaluate(() => (globalThis as unknown as { loftState: () => PageState }).loftState()),
    close: () => page.close(),
  };
  return { outside, hear };
}

export function snapshot(
  { summary, classes }: FakeRun,
  server: PageServer,
  changes: Partial<RunSummary> = {},
): HostMessage {
  const run = { ...summary, ...changes };
  return { type: "snapshot", sequence: summary.sequence, run, classes, base: server.base, canResume: true };
}

async function replyTo(request: PageRequest, run: FakeRun, options: FakeHostOptions): Promise<HostMessage> {
  const special = options.answer?.(request);
  if (special !== undefined) return special;
  return { type: "response", id: request.id, result: await resultOf(request, run, options) };
}

async function resultOf(request: PageRequest, run: FakeRun, options: FakeHostOptions): Promise<unknown> {
  switch (request.name) {
    case "samples": {
      const { className, offset, limit } = request.params;
      const all = run.samples.filter((sample) => className === undefined || sample.className === className);
      return { total: all.length, samples: all.slice(offset, offset + limit) };
    }
    case "losses":
      return { curves: options.curves ?? fakeCurves(run.classes) };
    case "fuse":
      return fused(request.params, run, options.fuseMilliseconds ?? 5);
    case "replay":
      return { same: true, differingValues: 0, largestDifference: 0 };
    default:
      return null;
  }
}

async function fused(
  params: Extract<PageRequest, { name: "fuse" }>["params"],
  run: FakeRun,
  milliseconds: number,
): Promise<unknown> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  const photos = run.classes.flatMap((entry) => entry.photos);
  const files = params.adapters.map(
    ({ adapterId }) => photos.find((photo) => photo.adapterId === adapterId)!.photoFile,
  );
  const [first, second] = files.map(photoPath);
  const png = second === undefined ? await readFile(first!) : await blend(first!, second, params.adapters[0]!.weight);
  return { png: png.toString("base64"), side: 64, seconds: 0.93 };
}

export function sampleAt(run: FakeRun, className: string, index: number): Sample {
  return run.samples.find((sample) => sample.className === className && sample.index === index)!;
}
