/** `extends`: files in, the inherited values, their origins and the problems out. */
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { type BaseFile, inherit, withInheritedOrigins } from "../../../daemon/config/inheritance.ts";
import { parseConfig, plainValue } from "../../../daemon/config/parse.ts";
import { printResolvedConfig } from "../../../daemon/config/print-config.ts";
import { formatProblem } from "../../../daemon/config/problem.ts";
import { resolveConfig } from "../../../daemon/config/resolve.ts";
import { validateConfig } from "../../../daemon/config/validate.ts";
import { choosePreset } from "../../../daemon/pipeline/presets.ts";

type Files = Readonly<Record<string, string | BaseFile>>;

/** The first file, with the others beside it; paths from one root. */
function read(files: Files) {
  const [[name, text]] = Object.entries(files) as [[string, string]];
  const known = new Map(
    Object.entries(files).map(([path, file]) => [
      resolve("/project", path),
      typeof file === "string" ? { parsed: parseConfig(file) } : file,
    ]),
  );
  const parsed = parseConfig(text);
  const inheritance = inherit(parsed, resolve("/project", name), (file) => known.get(file));
  const { config, problems } = validateConfig(parsed, choosePreset, inheritance);
  const resolution =
    config &&
    withInheritedOrigins(
      resolveConfig(config, choosePreset(config.preset, config.model, config.method), name),
      inheritance,
    );
  return { inheritance, resolution, told: problems.map((problem) => formatProblem(name, problem)) };
}

const base = `{
  "name": "base", "seed": 7,
  "data": { "folder": "photos", "shots": 4 },
  "training": { "steps": 40, "learningRate": 1e-4 },
  "fusion": { "weights": { "kind": "dirichlet", "alpha": 2 } },
  "output": { "folder": "out", "stripMetadata": true }
}`;

describe("values", () => {
  test("are inherited field by field; names and places of runs are not", () => {
    const { resolution, told } = read({
      "a.loft.json":
        '{ "extends": "base.loft.json", "data": { "shots": 2 }, "fusion": { "weights": { "kind": "uniform" } } }',
      "base.loft.json": base,
    });
    expect(told).toEqual([]);
    const config = resolution?.config;
    expect(config?.data).toEqual({ folder: "photos", shots: 2, classNames: {} });
    expect(config?.training).toMatchObject({ steps: 40, learningRate: 1e-4 });
    expect(config?.fusion.weights).toEqual({ kind: "uniform" });
    expect(config).toMatchObject({ name: "a", seed: 7, output: { folder: "runs/a", stripMetadata: true } });
  });

  test("name the file that decided, in what `loft plan --resolved` prints", () => {
    const { resolution } = read({
      "a.loft.json": '{ "extends": "sub/base.loft.json", "seed": 1 }',
      "sub/base.loft.json": '{ "extends": "../far.loft.json", "training": { "epochs": 3 }, "seed": 2 }',
      "far.loft.json":
        '{ "data": { "folder": "photos" }, "preset": "auto", "training": { "steps": 9, "batchSize": 2 } }',
    });
    const lines = printResolvedConfig(resolution as NonNullable<typeof resolution>)
      .split("\n")
      .map((line) => line.replace(/ {2,}/g, "  "));
    expect(lines).toEqual(
      expect.arrayContaining([
        "seed  1  this file",
        'data.folder  "photos"  far.loft.json',
        "training.epochs  3  sub/base.loft.json",
        "training.steps  null  training.epochs in sub/base.loft.json",
        "training.batchSize  2  far.loft.json",
        'preset  "loft-mini"  picked by the model',
      ]),
    );
  });

  test("of steps and epochs the nearer one counts", () => {
    const { resolution, told } = read({
      "a.loft.json": '{ "extends": "base.loft.json", "training": { "epochs": 5 } }',
      "base.loft.json": base,
    });
    expect(told).toEqual([]);
    expect(resolution?.config.training).toMatchObject({ steps: null, epochs: 5 });
    expect(resolution?.origins["training.steps"]).toEqual({ from: "user", source: "training.epochs in this file" });
  });

  test("paths mean what they mean in the file that states them", () => {
    const { resolution } = read({
      "runs/deep/a.loft.json": '{ "extends": "../../common/base.loft.json", "output": { "folder": "here" } }',
      "common/base.loft.json": `{
        "model": "./models/mine", "data": { "folder": "../photos" }, "prompt": { "captions": "texts/c.txt" },
        "fusion": { "extra": [{ "file": "style.safetensors" }, { "file": "/abs/x.safetensors" }] },
        "evaluation": { "test": "test", "validation": null, "classifier": "loft-mini-clip" }
      }`,
    });
    const config = resolution?.config;
    expect(config?.model).toBe("../../common/models/mine");
    expect(config?.data.folder).toBe("../../photos");
    expect(config?.prompt.captions).toBe("../../common/texts/c.txt");
    expect(config?.fusion.extra.map(({ file }) => file)).toEqual([
      "../../common/style.safetensors",
      "/abs/x.safetensors",
    ]);
    expect(config?.evaluation).toMatchObject({
      test: "../../common/test",
      validation: null,
      classifier: "loft-mini-clip",
    });
    expect(config?.output.folder).toBe("here");
  });

  test("a list of classifiers has names and paths", () => {
    const { resolution } = read({
      "a/a.loft.json": '{ "extends": "../base.loft.json" }',
      "base.loft.json": '{ "data": { "folder": "p" }, "evaluation": { "classifier": ["resnet", "./clip"] } }',
    });
    expect(resolution?.config.evaluation.classifier).toEqual(["resnet", "../clip"]);
  });

  test("a model's name stays a name, also beside another folder", () => {
    const { resolution } = read({
      "a/a.loft.json": '{ "extends": "../base.loft.json" }',
      "base.loft.json": '{ "model": "owner/model", "data": { "folder": "p" } }',
    });
    expect(resolution?.config.model).toBe("owner/model");
    expect(resolution?.config.data.folder).toBe("../p");
  });

  test("leave the trees of the files as they are", () => {
    const parsed = parseConfig(base);
    const before = JSON.stringify(plainValue(parsed.tree as NonNullable<typeof parsed.tree>));
    inherit(parseConfig('{ "extends": "b", "data": { "shots": 1 } }'), "/a", () => ({ parsed }));
    expect(JSON.stringify(plainValue(parsed.tree as NonNullable<typeof parsed.tree>))).toBe(before);
  });
});

describe("problems", () => {
  const endless = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [
      `${"sub/".repeat(index)}x.loft.json`,
      '{ "extends": "sub/x.loft.json", "data": { "folder": "p" } }',
    ]),
  );
  const rows: readonly (readonly [what: string, files: Files, told: readonly string[]])[] = [
    [
      "a missing file",
      { "a.loft.json": '{ "extends": "bse.loft.json" }', "bse.loft.json": { failure: "missing" } },
      [
        'a.loft.json:1:14: There is no file "bse.loft.json". Give the path of another configuration, relative to the file that extends it.',
      ],
    ],
    [
      "a file missing further on",
      {
        "a.loft.json": '{ "extends": "x/b.loft.json" }',
        "x/b.loft.json": '{ "extends": "../c.loft.json", "data": { "folder": "p" } }',
        "c.loft.json": { failure: "missing" },
      },
      [
        'a.loft.json:1:14: There is no file "c.loft.json", which "x/b.loft.json" extends. Give the path of another configuration, relative to the file that extends it.',
      ],
    ],
    [
      "something that is no file",
      { "a.loft.json": '{ "extends": "/dev/zero" }', "/dev/zero": { failure: "unreadable" } },
      ['a.loft.json:1:14: The file "../dev/zero" cannot be read. Check that it is a file, and its permissions.'],
    ],
    [
      "itself",
      { "a.loft.json": '{ "extends": "./a.loft.json" }' },
      [
        "a.loft.json:1:14: extends goes round in a circle: a.loft.json extends a.loft.json. Remove extends from one of them.",
      ],
    ],
    [
      "a circle",
      {
        "a.loft.json": '{ "extends": "b.loft.json" }',
        "b.loft.json": '{ "extends": "c.loft.json", "data": { "folder": "p" } }',
        "c.loft.json": '{ "extends": "b.loft.json" }',
      },
      [
        "a.loft.json:1:14: extends goes round in a circle: a.loft.json extends b.loft.json extends c.loft.json extends b.loft.json. Remove extends from one of them.",
      ],
    ],
    [
      "a folder that contains itself",
      endless,
      ["x.loft.json:1:14: extends leads through more than 16 files. Let the files extend fewer others."],
    ],
    [
      "what the base says wrongly",
      {
        "a.loft.json": '{\n  "extends": "base.loft.json" }',
        "base.loft.json": '{ "data": { "folder": "p" },\n  "sede": 1, "training": { "steps": "4" } }',
      },
      [
        'base.loft.json:2:3: "sede" is no key of the configuration. Did you mean "seed"?',
        'base.loft.json:2:37: training.steps must be a whole number or null, but is the text "4". Write 4 without quotes.',
      ],
    ],
    [
      "what is no JSON in the base",
      { "a.loft.json": '{ "extends": "b.loft.json", "data": { "folder": "p" } }', "b.loft.json": '{ "seed": }' },
      ["b.loft.json:1:11: A value is missing here. Write one, or remove the key."],
    ],
    [
      "what neither gives",
      { "a.loft.json": '{ "extends": "b.loft.json" }', "b.loft.json": "{}" },
      ['a.loft.json:1:1: "data" is missing. Write for example "data": { "folder": "photos" }.'],
    ],
    [
      "what does not fit together",
      {
        "a.loft.json": '{ "extends": "b.loft.json", "fusion": { "adaptersPerImage": 3 } }',
        "b.loft.json":
          '{ "data": { "folder": "p" },\n "fusion": { "weights": { "kind": "fixed", "values": [0.5, 0.5] } } }',
      },
      [
        "b.loft.json:2:54: fusion.weights.values has 2 weights for 3 adapters per image. Give 3, or set fusion.adaptersPerImage to 2.",
      ],
    ],
    [
      "a text that is empty",
      { "a.loft.json": '{ "extends": " " }' },
      expect.arrayContaining(['a.loft.json:1:14: extends must not be empty. Write for example "base.loft.json".']),
    ],
  ];
  test.each(rows)("%s", (_, files, wanted) => expect(read(files).told).toEqual(wanted));

  test("a base that is not known yet is asked for, and nothing is said of what it may hold", () => {
    const parsed = parseConfig('{ "extends": "base.loft.json", "sed": 1 }');
    const inheritance = inherit(parsed, resolve("/project/a.loft.json"), () => undefined);
    expect(inheritance.wanted).toBe(resolve("/project/base.loft.json"));
    const { config, problems } = validateConfig(parsed, choosePreset, inheritance);
    expect([config, problems.map(({ code }) => code)]).toEqual([undefined, ["unknown-key"]]);
  });
});
