/** Diagnostics: the problems that the command line tells, at the same places, and those that show beside the disk. */
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../daemon/config/parse.ts";
import { formatProblem } from "../../../daemon/config/problem.ts";
import { validateConfig } from "../../../daemon/config/validate.ts";
import { diagnostics } from "../../../daemon/lsp/diagnostics.ts";
import type { KnownFacts } from "../../../daemon/lsp/known-facts.ts";
import { choosePreset } from "../../../daemon/pipeline/presets.ts";
import { analyzed, knownBirds, textIn } from "../../support/config-fixture.ts";

/** `severity code [marked text] message`. */
function told(text: string, known: KnownFacts = {}): readonly string[] {
  const analysis = analyzed(text);
  return diagnostics(analysis, known).map(({ severity, code, range, message }) => {
    return `${["", "error", "warning", "info"][severity ?? 0]} ${code} [${textIn(analysis, range)}] ${message}`;
  });
}

describe("the text's own problems", () => {
  const texts = [
    "",
    '{ "data": { "folder": "photos" } }',
    '{ "dta": {}, "data": { "foldr": "x" } }',
    '{\r\n  "data": { "folder": "🐦" },\r\n  "seed": "3", "seed": 4\r\n}',
    '{ "data": { "folder": "p" }, "fusion": { "weights": { "kind": "fixed", "values": [0.5, 0.2] } } }',
    '{ "data": { "folder": "p" }, "method": "lof", }',
    '{ // comment\n "data": ',
  ];

  it.each(texts)("are those of the command line, at the same line and column: %j", (text) => {
    const analysis = analyzed(text);
    const shown = diagnostics(analysis, {}).map(({ range, severity, message }) => {
      const place = `${range.start.line + 1}:${range.start.character + 1}`;
      return `x:${place}: ${severity === 2 ? "warning: " : ""}${message}`;
    });
    const { problems } = validateConfig(parseConfig(text), choosePreset);
    expect(shown).toEqual(problems.map((problem) => formatProblem("x", problem)));
  });

  it("mark in UTF-16 code units, across Windows line ends", () => {
    expect(told('{\r\n  "data": { "folder": "🐦" },\r\n  "sed": 3 }')).toEqual([
      'error unknown-key ["sed"] "sed" is no key of the configuration. Did you mean "seed"?',
    ]);
  });
});

describe("problems beside the disk", () => {
  const base = '{ "data": { "folder": "photos" } }';
  const oneClass = (photoCount: number): KnownFacts => ({
    data: { state: "folder", classes: [{ folder: "cat", photoCount }], loosePhotos: 0 },
  });
  const rows: readonly (readonly [string, KnownFacts, readonly string[]])[] = [
    [base, knownBirds, []],
    [base, {}, []],
    [
      base,
      { data: { state: "missing", similar: "photo" } },
      ['error data-folder-missing ["photos"] There is no folder "photos". Did you mean "photo"?'],
    ],
    [
      '{ "data": { "folder": "../a/photos/" } }',
      { data: { state: "missing", similar: "pics" } },
      ['error data-folder-missing ["../a/photos/"] There is no folder "../a/photos/". Did you mean "../a/pics"?'],
    ],
    [
      base,
      { data: { state: "not-a-folder" } },
      [
        'error data-folder-missing ["photos"] "photos" is a file, not a folder. Give the folder that holds the class folders.',
      ],
    ],
    [
      base,
      { data: { state: "folder", classes: [], loosePhotos: 3 } },
      [
        'error data-folder-layout ["photos"] "photos" holds photos directly, not in class folders. Put the photos of each class into a folder of their own in it.',
      ],
    ],
    [
      base,
      { data: { state: "folder", classes: [{ folder: "train", photoCount: 0 }], loosePhotos: 0, deeper: "train" } },
      [
        'error data-folder-layout ["photos"] The class folders of "photos" hold only folders. Did you mean "photos/train"?',
      ],
    ],
    [
      base,
      {
        data: {
          state: "folder",
          classes: [
            { folder: "cat", photoCount: 3 },
            { folder: "tmp", photoCount: 0 },
          ],
          loosePhotos: 0,
        },
      },
      ['warning class-empty ["photos"] No photo is in "tmp": left out. Put photos into the folder, or remove it.'],
    ],
    [
      '{ "data": { "folder": "p", "shots": 4 } }',
      knownBirds,
      [
        'warning few-photos [4] data.shots asks for 4 photos per class, but "bird" has 3; all are used. Add photos, or lower data.shots.',
      ],
    ],
    [
      base,
      oneClass(1),
      [
        'info few-adapters [{] 2 adapters are fused for each image, but "cat" has 1: their images fuse fewer. Add photos.',
      ],
    ],
    ['{ "data": { "folder": "p" }, "method": "class-prompt" }', oneClass(1), []],
    [
      '{ "data": { "folder": "p", "classNames": { "brd": "x", "apple_pie": "y" } } }',
      knownBirds,
      ['error class-folder-unknown ["brd"] data.folder has no class folder "brd" with photos. Did you mean "bird"?'],
    ],
    [
      '{ "data": { "folder": "p" }, "model": "loft-mni" }',
      {
        model: {
          name: "loft-mni",
          state: "unknown",
          problem: { what: "No such model.", fix: "Mend it.", suggestion: "loft-mini" },
        },
      },
      ['error model-missing ["loft-mni"] No such model. Mend it.'],
    ],
    [
      '{ "data": { "folder": "p" }, "adapter": { "rank": 65 } }',
      knownBirds,
      [
        "warning rank-too-large [65] adapter.rank 65 is more than the narrowest layer of loft-mini has (64): a higher rank holds no more. Use at most 64.",
      ],
    ],
    [
      '{ "data": { "folder": "p" }, "training": { "resolution": 256 } }',
      knownBirds,
      [
        "warning resolution-unusual [256] loft-mini was made for pictures of 64 px; training.resolution is 256. Use about 64, or null for the model's own, unless you mean it.",
      ],
    ],
    [
      '{ "data": { "folder": "p" }, "training": { "resolution": 72 } }',
      { model: { name: "m", state: "ready", side: 64, stride: 16 } },
      [
        "error model-config-unsupported [72] Pictures of m have sides that 16 divides; training.resolution is 72. Use 80.",
      ],
    ],
    [
      '{ "data": { "folder": "p" }, "method": "caption-prompt", "prompt": { "captions": "c.txt" } }',
      { hasCaptions: false },
      [
        'error captions-missing ["c.txt"] There is no file "c.txt". Give a text file of [class] lines with a caption a line below, or a .json object of lists.',
      ],
    ],
    [
      '{ "data": { "folder": "p" }, "training": { "batchSize": 64 } }',
      { memoryBytes: 8e9, cost: { isCurrent: true, plan: costOf(12e9, "cpu") } },
      [
        "warning memory-short [64] The run needs about 12 GB of memory; this machine has 8.0 GB. Lower training.batchSize (64 now), or take a smaller model.",
      ],
    ],
    [base, { memoryBytes: 8e9, cost: { isCurrent: true, plan: costOf(12e9, "cuda") } }, []],
  ];

  it.each(rows)("%s with %j", (text, known, wanted) => {
    expect(told(text, known)).toEqual(wanted);
  });
});

function costOf(memoryBytes: number, device: string) {
  return {
    adapters: 1,
    images: 1,
    adaptersDone: 0,
    imagesDone: 0,
    secondsLeft: 1,
    memoryBytes,
    diskBytes: 1,
    device,
    warnings: [],
  };
}
