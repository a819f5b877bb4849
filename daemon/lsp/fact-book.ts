/** Facts, cached: what is known can be read at any time, what is missing or old is asked for, one question at a time and cancellably. */
import type { PlanCost } from "../../schemas/protocol.ts";
import type { BaseText, ConfigFacts, DataFacts, ModelFacts } from "../config/facts.ts";
import type { BaseFile } from "../config/inheritance.ts";
import { parseConfig } from "../config/parse.ts";
import { type Analysis, modelName, textAt } from "./analysis.ts";
import { placeOf } from "./file-path.ts";
import type { KnownFacts } from "./known-facts.ts";

export type FactBook = {
  /** A file that a configuration extends, as it is saved; undefined while it is not known. Asks nobody. */
  readonly baseAt: (file: string) => BaseFile | undefined;
  /** What is known now; asks nobody. */
  readonly known: (analysis: Analysis) => KnownFacts;
  /**
   * Ask for what the document needs and is not known, or is older than `maxAgeSeconds`. Questions that no document has
   * any more are called off.
   */
  readonly ask: (analysis: Analysis, maxAgeSeconds: number) => void;
  /** Ask what the document costs as it is saved; the answer counts for the values that it has now. */
  readonly askCost: (analysis: Analysis) => void;
  /** The document was closed. */
  readonly forget: (uri: string) => void;
  /** Call everything off. */
  readonly dispose: () => void;
};

type Entry = { value?: unknown; answeredAt: number; asking?: AbortController };
type Ask = (signal: AbortSignal) => Promise<unknown>;
type Question = { readonly key: string; readonly ask: Ask };

/**
 * A book for the documents of one connection.
 * @param onNews called with a document's address when something it needs became known or changed: a file that it
 *   extends, which makes another text of it, or anything else
 * @param now seconds of a clock that only goes forward
 */
export function createFactBook(
  facts: ConfigFacts,
  onNews: (uri: string, what: "base" | "fact") => void,
  now: () => number,
): FactBook {
  const entries = new Map<string, Entry>();
  const wanted = new Map<string, ReadonlySet<string>>();

  function look(question: Question, maxAgeSeconds: number): void {
    const entry = entries.get(question.key) ?? { answeredAt: Number.NEGATIVE_INFINITY };
    entries.set(question.key, entry);
    if (entry.asking !== undefined || now() - entry.answeredAt < maxAgeSeconds) return;
    const asking = new AbortController();
    entry.asking = asking;
    const settle = (value: unknown) => {
      if (entry.asking !== asking) return;
      delete entry.asking;
      entry.answeredAt = now();
      if (value === undefined || JSON.stringify(value) === JSON.stringify(entry.value)) return;
      entry.value = value;
      const what = question.key.startsWith(basePrefix) ? "base" : "fact";
      for (const [uri, keys] of [...wanted]) if (keys.has(question.key)) onNews(uri, what);
    };
    // Who cannot answer is not asked again until the answer would be too old; a fact is never a reason to fail.
    question.ask(asking.signal).then(settle, () => settle(undefined));
  }

  function callOff(): void {
    const needed = new Set([...wanted.values()].flatMap((keys) => [...keys]));
    for (const [key, entry] of entries) {
      if (needed.has(key)) continue;
      entry.asking?.abort();
      entries.delete(key);
    }
  }

  function want(analysis: Analysis, questions: readonly Question[]): void {
    const cost = analysis.file === undefined ? [] : [costKey(analysis.file)];
    wanted.set(analysis.document.uri, new Set([...questions.map(({ key }) => key), ...cost]));
    callOff();
  }

  return {
    baseAt: (file) => {
      const text = entries.get(basePrefix + file)?.value as BaseText | undefined;
      return text && parsedBase(text);
    },
    known: (analysis) => knownFacts(analysis, (key) => entries.get(key)?.value, facts),
    ask: (analysis, maxAgeSeconds) => {
      const questions = [...Object.values(questionsOf(analysis, facts)), ...baseQuestions(analysis, facts)];
      want(analysis, questions);
      for (const question of questions) look(question, maxAgeSeconds);
    },
    askCost: (analysis) => {
      const { file, resolution } = analysis;
      if (file === undefined || resolution === undefined) return;
      const config = JSON.stringify(resolution.config);
      const key = costKey(file);
      const asking = entries.get(key)?.asking;
      // An answer under way is about the text that was saved before; what is known stays until there is better.
      asking?.abort();
      if (asking !== undefined) delete (entries.get(key) as Entry).asking;
      const ask = (signal: AbortSignal) => facts.cost(file, signal).then((plan) => plan && { plan, config });
      look({ key, ask }, 0);
    },
    forget: (uri) => {
      wanted.delete(uri);
      callOff();
    },
    dispose: () => {
      wanted.clear();
      callOff();
    },
  };
}

/** A cost, and the resolved configuration that it is of. */
type KnownCost = { readonly plan: PlanCost; readonly config: string };

function knownFacts(analysis: Analysis, answerTo: (key: string) => unknown, facts: ConfigFacts): KnownFacts {
  const { file, resolution } = analysis;
  const { data, captions, model } = questionsOf(analysis, facts);
  const answers = {
    data: data && (answerTo(data.key) as DataFacts | undefined),
    model: model && (answerTo(model.key) as ModelFacts | undefined),
    hasCaptions: captions && (answerTo(captions.key) as boolean | undefined),
  };
  const cost = file === undefined ? undefined : (answerTo(costKey(file)) as KnownCost | undefined);
  const isCurrent = cost !== undefined && resolution !== undefined && cost.config === JSON.stringify(resolution.config);
  return {
    memoryBytes: facts.memoryBytes,
    ...(answers.data === undefined ? {} : { data: answers.data }),
    ...(answers.model === undefined ? {} : { model: answers.model }),
    ...(answers.hasCaptions === undefined ? {} : { hasCaptions: answers.hasCaptions }),
    ...(cost === undefined ? {} : { cost: { plan: cost.plan, isCurrent } }),
  };
}

type Questions = { readonly data?: Question; readonly captions?: Question; readonly model?: Question };

/** What a document's text makes worth knowing. */
function questionsOf({ file, inheritance }: Analysis, facts: ConfigFacts): Questions {
  const data = placeOf(file, textAt(inheritance, ["data", "folder"]) ?? "");
  const captions = placeOf(file, textAt(inheritance, ["prompt", "captions"]) ?? "");
  // A model's folder is found from the configuration's own.
  const base = placeOf(file, ".");
  const name = modelName({ inheritance });
  const hasModel = base !== undefined && !name.includes("\u0000");
  return {
    ...(data === undefined ? {} : { data: { key: `data:${data}`, ask: (signal) => facts.data(data, signal) } }),
    ...(captions === undefined
      ? {}
      : { captions: { key: `captions:${captions}`, ask: (signal) => facts.isFile(captions, signal) } }),
    ...(hasModel
      ? { model: { key: `model:${base}\u0000${name}`, ask: (signal) => facts.model(name, base, signal) } }
      : {}),
  };
}

const basePrefix = "base:";

/** The files that a document extends: those that are known, and the next one. */
function baseQuestions({ inheritance }: Analysis, facts: ConfigFacts): readonly Question[] {
  const { bases, wanted, failed } = inheritance;
  const files = [...bases.map(({ file }) => file), ...[wanted, failed].filter((file) => file !== undefined)];
  return files.map((file) => ({ key: basePrefix + file, ask: (signal) => facts.baseText(file, signal) }));
}

/** Each saved text is parsed once, however often the files that extend it are typed in. */
const parsedBases = new WeakMap<BaseText, BaseFile>();

function parsedBase(text: BaseText): BaseFile {
  const known = parsedBases.get(text);
  if (known !== undefined) return known;
  const base = "text" in text ? { parsed: parseConfig(text.text) } : text;
  parsedBases.set(text, base);
  return base;
}

function costKey(file: string): string {
  return `cost:${file}`;
}
