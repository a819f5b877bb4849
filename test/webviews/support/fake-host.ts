/** Plays the extension to a page in a browser: answers its messages, remembers them, and sends what a test wants. */
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import type { LossCurve, RunSummary, Sample } from "../../../schemas/protocol.ts";
import {
  type HostMessage,
  type PageMessage,
  type PageRequest,
  type PageState,
  readPageMessage,
} from "../../../webviews/samples/protocol.ts";
import type { FakePage, FakePageOptions, FakePages } from "./fake-page.ts";
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

export type FakeHostOptions = FakePageOptions & {
  readonly theme: Theme;
  readonly keptState?: PageState;
  readonly curves?: readonly LossCurve[];
  /** A fused sample is there after this. */
  readonly fuseAfter?: () => Promise<void>;
  /** Instead of the usual answer. */
  readonly answer?: (request: PageRequest) => HostMessage | undefined;
};

export async function openPage(pages: FakePages, server: PageServer, run: FakeRun, options: FakeHostOptions) {
  const opened = await pages.open(options);
  const host = hostOf(opened, run, options, server);
  await opened.start(server.pageUrl(options.theme), host.hear, options.keptState);
  return host.outside;
}

function hostOf(opened: FakePage, run: FakeRun, options: FakeHostOptions, server: PageServer) {
  const received: PageMessage[] = [];
  const { page, complaints } = opened;
  const send = (message: HostMessage) => opened.post(message);
  const hear = async (value: unknown): Promise<void> => {
    const message = readPageMessage(value);
    if (message === undefined) throw new Error(`The page sent ${JSON.stringify(value)}`);
    received.push(message);
    const reply = message.type === "ready" ? snapshot(run, server) : await replyTo(message, run, options);
    await send(reply);
  };
  const outside: FakeHost = {
    page,
    received,
    send,
    complaints,
    asked: (name) => received.filter((message) => message.type === "request" && message.name === name) as never,
    keptState: () => opened.keptState() as Promise<PageState | undefined>,
    close: opened.close,
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
      await options.fuseAfter?.();
      return fused(request.params, run);
    case "replay":
      return { same: true, differingValues: 0, largestDifference: 0 };
    default:
      return null;
  }
}

async function fused(params: Extract<PageRequest, { name: "fuse" }>["params"], run: FakeRun): Promise<unknown> {
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
