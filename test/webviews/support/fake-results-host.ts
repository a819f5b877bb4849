/** Plays the extension to the results page: answers its messages, remembers them, and sends what a test wants. */
import type { Page } from "playwright-core";
import {
  type ResultsHostMessage,
  type ResultsPageMessage,
  type ResultsPageState,
  type ResultsRequest,
  type RowHits,
  readResultsPageMessage,
} from "../../../webviews/results/protocol.ts";
import type { FakePageOptions, FakePages } from "./fake-page.ts";
import { answerKey, type FakeResults } from "./fake-results.ts";
import { fakeRun } from "./fake-run.ts";
import type { PageServer } from "./page-server.ts";
import type { Theme } from "./themes.ts";

export type FakeResultsHost = {
  readonly page: Page;
  readonly send: (message: ResultsHostMessage | { readonly type: string }) => Promise<void>;
  /** Requests by name, checked as the extension checks them. */
  readonly asked: <N extends ResultsRequest["name"]>(name: N) => readonly Extract<ResultsRequest, { name: N }>[];
  readonly complaints: string[];
  readonly keptState: () => Promise<ResultsPageState | undefined>;
  readonly close: () => Promise<void>;
};

export type FakeResultsHostOptions = FakePageOptions & {
  readonly theme: Theme;
  readonly keptState?: ResultsPageState;
  /** Instead of the results. */
  readonly first?: ResultsHostMessage;
  /** Instead of the usual answer. */
  readonly answer?: (request: ResultsRequest) => ResultsHostMessage | undefined;
};

export async function openResultsPage(
  pages: FakePages,
  server: PageServer,
  shown: FakeResults,
  options: FakeResultsHostOptions,
): Promise<FakeResultsHost> {
  const opened = await pages.open(options);
  const { page, complaints } = opened;
  const received: ResultsPageMessage[] = [];
  const hear = async (value: unknown): Promise<void> => {
    const message = readResultsPageMessage(value);
    if (message === undefined) throw new Error(`The page sent ${JSON.stringify(value)}`);
    received.push(message);
    const first = options.first ?? { type: "results", results: shown.results };
    const reply = message.type === "ready" ? first : replyTo(message, shown, server, options);
    await opened.post(reply);
  };
  await opened.start(server.pageUrl(options.theme), hear, options.keptState);
  return {
    page,
    complaints,
    send: (message) => opened.post(message),
    asked: (name) => received.filter((message) => message.type === "request" && message.name === name) as never,
    keptState: () => opened.keptState() as Promise<ResultsPageState | undefined>,
    close: opened.close,
  };
}

function replyTo(
  request: ResultsRequest,
  shown: FakeResults,
  server: PageServer,
  options: FakeResultsHostOptions,
): ResultsHostMessage {
  const special = options.answer?.(request);
  return special ?? { type: "response", id: request.id, result: resultOf(request, shown, server) };
}

function resultOf(request: ResultsRequest, shown: FakeResults, { base }: PageServer): unknown {
  switch (request.name) {
    case "pictures":
      return judgedPictures(request.params, shown, base);
    case "sets":
      return classSets(request.params, shown, base);
    case "hits":
      return { rows: hitsOf(shown) };
    default:
      return null;
  }
}

/** What predictions.jsonl says of each training. */
export function hitsOf({ results, answers }: FakeResults): readonly RowHits[] {
  return results.rows.flatMap(({ id, runs }) =>
    runs.map(({ seed }) => {
      const found = answers.get(answerKey(id, seed)) ?? [];
      return { row: id, seed, hits: found.map(({ label, predicted }) => Number(label === predicted)).join("") };
    }),
  );
}

function judgedPictures(
  { row, label, predicted, offset, count }: Extract<ResultsRequest, { name: "pictures" }>["params"],
  { results, answers }: FakeResults,
  base: string,
) {
  const runs = results.rows.find(({ id }) => id === row)?.runs ?? [];
  const name = results.dataset.classes[label]!;
  const byPicture = new Map<number, number[]>();
  for (const { seed } of runs) {
    (answers.get(answerKey(row, seed)) ?? []).forEach((answer, picture) => {
      if (answer.label !== label || answer.predicted !== predicted) return;
      byPicture.set(picture, [...(byPicture.get(picture) ?? []), answer.probability]);
    });
  }
  const pictures = [...byPicture].map(([picture, sure]) => ({
    uri: picture % 7 === 6 ? null : `${base}/data/train/${name}/${String(picture + 1).padStart(6, "0")}.png`,
    name: `${name}/${picture}.png`,
    predicted: predicted!,
    probability: sure.reduce((sum, each) => sum + each, 0) / sure.length,
    runs: sure.length,
  }));
  return { total: pictures.length, pictures: pictures.slice(offset, offset + count) };
}

function classSets(
  { classIndex, count }: Extract<ResultsRequest, { name: "sets" }>["params"],
  { results }: FakeResults,
  base: string,
) {
  const entry = fakeRun({ imagesPerClass: 0 }).classes[classIndex]!;
  const real = entry.photos.map(({ photo, photoFile }) => ({
    uri: `${base}/${photoFile}`,
    name: `${entry.className}/${photo}`,
  }));
  const made = Array.from(
    { length: 40 },
    (_, i) => `data/train/${entry.className}/${String(i + 1).padStart(6, "0")}.png`,
  );
  const images = made.map((name) => ({ uri: `${base}/${name}`, name }));
  return {
    sets: [
      { method: null, total: real.length, pictures: real.slice(0, count) },
      ...results.sets.map(({ method }) => ({ method, total: images.length, pictures: images.slice(0, count) })),
    ],
  };
}
