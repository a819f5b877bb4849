/** Code lenses: their texts and commands, from counts alone and with the cost. */
import { describe, expect, it } from "vitest";
import { byteText } from "../../../daemon/base/byte-text.ts";
import { aboutDuration } from "../../../daemon/lsp/amounts.ts";
import { codeLenses } from "../../../daemon/lsp/code-lens.ts";
import type { KnownFacts } from "../../../daemon/lsp/known-facts.ts";
import type { PlanCost } from "../../../schemas/protocol.ts";
import { analyzed, knownBirds } from "../../support/config-fixture.ts";

const plan: PlanCost = {
  adapters: 48,
  images: 3000,
  adaptersDone: 0,
  imagesDone: 0,
  secondsLeft: 26 * 60,
  memoryBytes: 1.1e9,
  diskBytes: 1e8,
  device: "cpu",
  warnings: [],
};

function titles(text: string, known: KnownFacts): readonly string[] {
  return codeLenses(analyzed(text), known).map(({ command }) => command?.title ?? "");
}

const text = '{ "data": { "folder": "p", "shots": 4 }, "sampling": { "imagesPerClass": 1500 } }';

describe("the lenses", () => {
  it("give the commands the document's address", () => {
    const lenses = codeLenses(analyzed(text), knownBirds);
    const commands = lenses.map(({ command }) => [command?.command, command?.arguments]);
    expect(commands.slice(0, 2)).toEqual([
      ["loft.generateDataset", ["file:///fixture/birds.loft.json"]],
      ["loft.previewPlan", ["file:///fixture/birds.loft.json"]],
    ]);
    expect(lenses[0]?.range.start).toEqual({ line: 0, character: 0 });
  });

  it.each<readonly [KnownFacts, string]>([
    [{}, "looking at the photos…"],
    [knownBirds, "7 adapters · 3,000 images"],
    [{ ...knownBirds, cost: { plan, isCurrent: true } }, "48 adapters · 3,000 images · about 26 min · 1.1 GB · CPU"],
    [{ ...knownBirds, cost: { plan, isCurrent: false } }, "7 adapters · 3,000 images · save to see time and memory"],
    [
      { ...knownBirds, cost: { plan: { ...plan, adaptersDone: 48, imagesDone: 2 }, isCurrent: true } },
      "48 adapters · 3,000 images · 50 done · about 26 min · 1.1 GB · CPU",
    ],
    [
      { ...knownBirds, cost: { plan: { ...plan, adaptersDone: 48, imagesDone: 3000 }, isCurrent: true } },
      "48 adapters · 3,000 images · all done · CPU",
    ],
  ])("sum up %j", (known, wanted) => {
    expect(titles(text, known)).toEqual(["Generate", "Preview plan", wanted]);
  });

  it.each([
    ['{ "data": { "folder": "p" }, "method": "class-prompt", "sampling": { "imagesPerClass": 2 } }', "4 images"],
    [
      '{ "data": { "folder": "p" }, "method": "datadream-dataset", "sampling": { "imagesPerClass": 2 } }',
      "1 adapter · 4 images",
    ],
    [
      '{ "data": { "folder": "p" }, "method": "datadream-class", "sampling": { "imagesPerClass": 2 } }',
      "2 adapters · 4 images",
    ],
  ])("count as the method does: %s", (config, wanted) => {
    expect(titles(config, knownBirds).at(-1)).toBe(wanted);
  });

  it("offer the evaluation where there are test pictures", () => {
    const withTest = '{ "data": { "folder": "p" }, "evaluation": { "test": "p" } }';
    const lenses = codeLenses(analyzed(withTest), knownBirds);
    expect(lenses.map(({ command }) => command?.title).slice(0, 3)).toEqual(["Generate", "Preview plan", "Evaluate"]);
    expect(lenses[2]?.command).toMatchObject({
      command: "loft.evaluateDataset",
      arguments: ["file:///fixture/birds.loft.json"],
    });
  });

  it("ask for a file where there is none", () => {
    const untitled = analyzed(text, "untitled:x.loft.json");
    expect(codeLenses(untitled, {}).at(-1)?.command?.title).toBe("save the file to see what it will make");
  });

  it("offer nothing to run while there are errors", () => {
    expect(titles('{ "dat": 1 }', {})).toEqual(["2 problems to mend first"]);
    expect(titles('{ "data": { "folder": "p" } }', { data: { state: "missing" } })).toEqual([
      "1 problem to mend first",
    ]);
    expect(titles("", {})).toEqual([]);
  });
});

describe("amounts", () => {
  it.each([
    [0.2, "less than 1 s"],
    [59.4, "about 59 s"],
    [59.9, "about 1 min"],
    [3599, "about 1 h"],
    [2 * 3600 + 300, "about 2 h 5 min"],
    [20 * 3600, "about 20 h"],
    [4.6 * 86400, "about 5 days"],
  ])("%f s is %s", (seconds, wanted) => {
    expect(aboutDuration(seconds)).toBe(wanted);
  });

  it.each([
    [10, "1 kB"],
    [3.5e8, "350 MB"],
    [1.14e9, "1.1 GB"],
    [24e9, "24 GB"],
  ])("%d bytes are %s", (bytes, wanted) => {
    expect(byteText(bytes)).toBe(wanted);
  });
});
