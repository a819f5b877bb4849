/** Samples arrive in parts, in any order, while more are made. */
import { describe, expect, it } from "vitest";
import type { Sample, SampleClass } from "../../../schemas/protocol.ts";
import {
  addSamples,
  countVerdicts,
  expectMore,
  expectSamples,
  findSample,
  judge,
  nextWanted,
  type SampleLists,
  shownGroups,
} from "../../../webviews/samples/sample-lists.ts";

function sample(className: string, index: number): Sample {
  const file = `data/train/${className}/${index}.png`;
  return { file, className, index, prompt: "p", negativePrompt: "", seed: index, parents: [], side: 64 };
}

function classOf(className: string, samples: number): SampleClass {
  return { className, folder: className, planned: 2 * samples, samples, photos: [] };
}

/** Answers requests from what there is until nothing more is wanted. */
function readAll(start: SampleLists, there: readonly Sample[], preferred?: string) {
  let lists = start;
  const asked: string[] = [];
  for (let wanted = nextWanted(lists, preferred); wanted !== undefined; wanted = nextWanted(lists, preferred)) {
    const { className, offset, limit } = wanted;
    asked.push(`${className} ${offset}`);
    if (50 < asked.length) throw new Error("It asks without end.");
    const all = there.filter((entry) => entry.className === className).sort((a, b) => a.index - b.index);
    lists = addSamples(lists, wanted, { total: all.length, samples: all.slice(offset, offset + limit) });
  }
  return { lists, asked };
}

const numbers = (lists: SampleLists, className: string) => lists.get(className)?.samples.map(({ index }) => index);
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("reading samples", () => {
  it("reads a thousand at a time, the class in sight first", () => {
    const there = [...range(2500).map((i) => sample("cat", i)), sample("dog", 0)];
    const { lists, asked } = readAll(expectSamples(new Map(), [classOf("dog", 1), classOf("cat", 2500)]), there, "cat");
    expect(asked).toEqual(["cat 0", "cat 1000", "cat 2000", "dog 0"]);
    expect(numbers(lists, "cat")).toEqual(range(2500));
  });

  it("asks for what was made since", () => {
    const before = readAll(
      expectSamples(new Map(), [classOf("cat", 3)]),
      range(3).map((i) => sample("cat", i)),
    );
    const more = expectMore(before.lists, "cat", [sample("cat", 3).file, sample("cat", 4).file]);
    const after = readAll(
      more,
      range(5).map((i) => sample("cat", i)),
    );
    expect(after.asked).toEqual(["cat 3"]);
    expect(numbers(after.lists, "cat")).toEqual(range(5));
  });

  it("does not count an image that was made anew", () => {
    const { lists } = readAll(expectSamples(new Map(), [classOf("cat", 1)]), [sample("cat", 0)]);
    expect(nextWanted(expectMore(lists, "cat", [sample("cat", 0).file]), undefined)).toBeUndefined();
  });

  it("finds images that came in between those it has read", () => {
    const before = readAll(expectSamples(new Map(), [classOf("cat", 2)]), [sample("cat", 0), sample("cat", 5)]);
    const more = expectMore(before.lists, "cat", [sample("cat", 2).file]);
    const after = readAll(
      more,
      [0, 2, 5].map((i) => sample("cat", i)),
    );
    expect(numbers(after.lists, "cat")).toEqual([0, 2, 5]);
  });

  it("ends when fewer are there than were told", () => {
    const { lists, asked } = readAll(expectSamples(new Map(), [classOf("cat", 9)]), [sample("cat", 1)]);
    expect(asked).toEqual(["cat 0"]);
    expect(lists.get("cat")?.known).toBe(1);
  });

  it("ends when the total is wrong", () => {
    const wanted = { className: "cat", offset: 0, limit: 1000 };
    const start = expectSamples(new Map(), [classOf("cat", 4)]);
    const once = addSamples(start, wanted, { total: 4, samples: [] });
    const twice = addSamples(once, wanted, { total: 4, samples: [] });
    expect(nextWanted(twice, undefined)).toBeUndefined();
  });

  it("keeps what is shown while a new snapshot is read, unless the class shrank", () => {
    const { lists } = readAll(expectSamples(new Map(), [classOf("cat", 2)]), [sample("cat", 0), sample("cat", 1)]);
    expect(numbers(expectSamples(lists, [classOf("cat", 2)]), "cat")).toEqual([0, 1]);
    expect(numbers(expectSamples(lists, [classOf("cat", 1)]), "cat")).toEqual([]);
    expect(expectSamples(lists, []).size).toBe(0);
  });

  it("ignores answers for a class that is gone", () => {
    const lists = expectSamples(new Map(), []);
    const wanted = { className: "cat", offset: 0, limit: 1000 };
    expect(addSamples(lists, wanted, { total: 1, samples: [sample("cat", 0)] })).toBe(lists);
    expect(expectMore(lists, "cat", ["a"])).toBe(lists);
  });
});

describe("verdicts", () => {
  const there = range(4).map((i) => sample("cat", i));
  const { lists } = readAll(expectSamples(new Map(), [classOf("cat", 4), classOf("dog", 0)]), there);
  const judged = judge(judge(lists, there[1]!.file, "keep"), there[2]!.file, "reject");

  it("are set, counted and taken back", () => {
    expect(countVerdicts(judged)).toEqual({ keep: 1, reject: 1 });
    const back = judge(judged, there[1]!.file, null);
    expect(countVerdicts(back)).toEqual({ keep: 0, reject: 1 });
    expect(findSample(back, there[1]!.file)).not.toHaveProperty("verdict");
    expect(judge(lists, "nowhere.png", "keep")).toBe(lists);
  });

  it.each([
    {
      verdict: "all",
      shown: [
        ["cat", 4],
        ["dog", 0],
      ],
    },
    { verdict: "keep", shown: [["cat", 1]] },
    { verdict: "reject", shown: [["cat", 1]] },
    { verdict: "open", shown: [["cat", 2]] },
  ] as const)("filter: $verdict", ({ verdict, shown }) => {
    const groups = shownGroups(judged, undefined, verdict);
    expect(groups.map(({ className, samples }) => [className, samples.length])).toEqual(shown);
  });

  it("filter by class", () => {
    expect(shownGroups(judged, "dog", "all").map(({ className }) => className)).toEqual(["dog"]);
  });
});
