/** Problems of configurations: text in, `line:column` and message out. */
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { parseConfig } from "../../../daemon/config/parse.ts";
import { formatProblem, mostProblems } from "../../../daemon/config/problem.ts";
import { validateConfig } from "../../../daemon/config/validate.ts";
import { choosePreset } from "../../../daemon/pipeline/presets.ts";

const check = (text: string) => validateConfig(parseConfig(text), choosePreset);
const problemsOf = (text: string) =>
  check(text).problems.map((problem) => formatProblem("a.loft.json", problem).slice(12));

/** A configuration with only its data folder and what is given, on one line. */
const withGroup = (group: string) => `{ "data": { "folder": "photos" }, ${group} }`;
const groupColumn = withGroup("").indexOf(",") + 3;

describe("a good configuration", () => {
  const good = [
    '{ "data": { "folder": "photos" } }',
    '\uFEFF{ "data": { "folder": "photos" } }',
    '{\r\n  // photos\r\n  "data": { "folder": "photos", /* all */ "shots": null, },\r\n}',
    withGroup('"fusion": { "adaptersPerImage": 3, "weights": { "kind": "dirichlet", "alpha": 0.5 } }'),
    withGroup('"fusion": { "weights": { "kind": "fixed", "values": [0.7, 0.3] } }'),
    withGroup('"fusion": { "adaptersPerImage": 3, "weights": { "kind": "fixed", "values": [0.1, 0.2, 0.7] } }'),
    withGroup('"training": { "resolution": null, "learningRate": 1e-4 }, "output": { "folder": "../out" }'),
    withGroup('"sampling": { "guidanceScale": 1 }, "device": { "provider": "cpu", "threads": 2 }'),
  ];
  test.each(good)("%s", (text) => {
    const { config, problems } = check(text);
    expect(problems).toEqual([]);
    expect(config?.data.folder).toBe("photos");
  });
});

describe("problems of the text", () => {
  const cases: readonly (readonly [text: string, expected: readonly string[]])[] = [
    ["", ['1:1: The file is empty. Write at least { "data": { "folder": "photos" } }.']],
    [" \n // nothing\n", ["3:1: A value is missing here. Write one, or remove the key."]],
    ['{ "data": { "folder": "photos" }', ["1:33: A closing brace is missing. Write }"]],
    ['{ "data": { "folder": "photos" } "seed": 1 }', ["1:34: A comma is missing before this. Write ,"]],
    ['{\n  "data": { "folder": "photos" },\n  "seed": NaN\n}', ["3:11: JSON has no NaN. Write a finite number."]],
    [withGroup('"output": { "stripMetadata": True }'), ["1:64: True is written in small letters. Write true."]],
    [withGroup('"device": { "threads": None }'), ["1:58: JSON has no None. Write null."]],
    [
      '{ "data": { "folder": "photos" } } }',
      ["1:36: There is more text after the end of the configuration. Remove it."],
    ],
    [
      '{ "data": { "folder": "a" },\n  "seed": 1, "seed": 2 }',
      ['2:14: "seed" is given twice in this group. Keep one of the two.'],
    ],
    [
      "\uFFFD\uFFFD{\u0000\n\u0000}\u0000",
      ["1:1: The file is not UTF-8 text; it looks like UTF-16. Save it as UTF-8."],
    ],
    ["[".repeat(100_000), ["1:65: Groups and lists are nested more than 64 deep. Remove the surplus brackets."]],
  ];
  test.each(cases)("%.60s", (text, expected) => expect(problemsOf(text)).toEqual(expected));
});

describe("unknown keys", () => {
  const cases: readonly (readonly [text: string, column: number, message: string])[] = [
    ['"sede": 1', 0, '"sede" is no key of the configuration. Did you mean "seed"?'],
    ['"training": { "learningrate": 1 }', 14, '"learningrate" is no key of training. Did you mean "learningRate"?'],
    ['"training": { "lr": 1 }', 14, '"lr" is no key of training. Did you mean "learningRate"?'],
    ['"training": { "max_train_steps": 1 }', 14, '"max_train_steps" is no key of training. Did you mean "steps"?'],
    ['"training": { "setps": 1 }', 14, '"setps" is no key of training. Did you mean "steps"?'],
    ['"training": { "rank": 4 }', 14, '"rank" is no key of training. Did you mean adapter.rank?'],
    ['"rank": 4', 0, '"rank" is no key of the configuration. Did you mean adapter.rank?'],
    ['"cfg_scale": 4', 0, '"cfg_scale" is no key of the configuration. Did you mean sampling.guidanceScale?'],
    [
      '"__proto__": {}',
      0,
      '"__proto__" is no key of the configuration. Known here: $schema, extends, name, model, method, preset, seed, data, prompt, adapter, training, fusion, sampling, output, evaluation, device.',
    ],
    [
      '"prompt": { "wurlitzer": 1 }',
      12,
      '"wurlitzer" is no key of prompt. Known here: template, domain, negative, captions.',
    ],
    [
      '"fusion": { "weights": { "kind": "uniform", "alpha": 1 } }',
      44,
      '"alpha" is no key of fusion.weights. Did you mean adapter.alpha?',
    ],
  ];
  test.each(cases)("%s", (group, column, message) => {
    expect(problemsOf(withGroup(group))).toEqual([`1:${groupColumn + column}: ${message}`]);
  });

  test("a suggestion can be put in place of the marked text", () => {
    const text = withGroup('"sede": 1');
    const [problem] = check(text).problems;
    expect(text.slice(problem?.offset, (problem?.offset ?? 0) + (problem?.length ?? 0))).toBe('"sede"');
    expect(problem).toMatchObject({ code: "unknown-key", suggestion: "seed", path: ["sede"], severity: "error" });
  });
});

describe("wrong values", () => {
  const cases: readonly (readonly [text: string, expected: string])[] = [
    ['"seed": "1"', 'seed must be a whole number, but is the text "1". Write 1 without quotes.'],
    ['"seed": 1.5', "seed must be a whole number, but is 1.5. Write for example 0."],
    ['"seed": -1', "seed must be at least 0, but is -1. Write for example 0."],
    ['"seed": 1e999', "seed must be a whole number, but is a number too large to compute with. Write for example 0."],
    ['"preset": "papr"', 'preset cannot be the text "papr". Did you mean "paper"?'],
    ['"preset": 1', 'preset must be text in double quotes, but is 1. Write for example "paper".'],
    ['"method": "datadream"', 'method cannot be the text "datadream". Did you mean "datadream-class"?'],
    ['"device": { "provider": "CUDA" }', 'device.provider cannot be the text "CUDA". Did you mean "cuda"?'],
    [
      '"sampling": { "scheduler": "unipc" }',
      'sampling.scheduler cannot be the text "unipc". Write "model", "ddim", "pndm", "dpm-solver++" or "euler".',
    ],
    [
      '"sampling": { "scheduler": "dpmsolver++" }',
      'sampling.scheduler cannot be the text "dpmsolver++". Did you mean "dpm-solver++"?',
    ],
    ['"sampling": 500', "sampling must be a group { ... }, but is 500. Correct or remove it."],
    [
      '"training": { "epsilon": 1e-300 }',
      "training.epsilon must be at least 1e-30, but is 1e-300. Write for example 1e-8.",
    ],
    [
      '"training": { "learningRate": 1e300 }',
      "training.learningRate must be at most 1000, but is 1e+300. Write for example 0.001.",
    ],
    ['"training": { "steps": 0 }', "training.steps must be at least 1, but is 0. Write for example 600."],
    [
      '"training": { "learningRate": 0 }',
      "training.learningRate must be more than 0, but is 0. Write for example 0.001.",
    ],
    ['"training": { "beta2": 1 }', "training.beta2 must be less than 1, but is 1. Write for example 0.999."],
    [
      '"training": { "resolution": 500 }',
      "training.resolution must be a multiple of 8, but is 500. Write for example 504.",
    ],
    ['"name": " "', 'name must not be empty. Write for example "quick-start".'],
    [
      '"adapter": { "targetModules": [] }',
      'adapter.targetModules must not be an empty list. Write for example ["to_q","to_v"].',
    ],
    [
      '"adapter": { "targetModules": ["to_q", "to_q"] }',
      "adapter.targetModules names something twice. Name each once.",
    ],
    [
      '"adapter": { "targetModules": ["to_out"] }',
      'adapter.targetModules[0] cannot be the text "to_out". Did you mean "to_out.0"?',
    ],
    [
      '"fusion": { "weights": {} }',
      '"kind" is missing in fusion.weights. Write "kind": "fixed", "uniform" or "dirichlet".',
    ],
    [
      '"fusion": { "weights": { "kind": "dirichelt" } }',
      'fusion.weights.kind cannot be the text "dirichelt". Did you mean "dirichlet"?',
    ],
    [
      '"fusion": { "weights": { "kind": 3 } }',
      'fusion.weights.kind cannot be 3. Write "fixed", "uniform" or "dirichlet".',
    ],
    [
      '"fusion": { "weights": "uniform" }',
      'fusion.weights must be a group { ... }, but is the text "uniform". Write for example {"kind":"fixed","values":[0.5,0.5]}.',
    ],
  ];
  test.each(cases)("%s", (group, expected) => {
    expect(problemsOf(withGroup(group)).map((line) => line.replace(/^\d+:\d+: /, ""))).toEqual([expected]);
  });

  test.each([
    ["{}", '1:1: "data" is missing. Write for example "data": { "folder": "photos" }.'],
    ['{ "data": {} }', '1:11: "folder" is missing in data. Write for example "folder": "photos".'],
    [
      '{ "data": "photos" }',
      '1:11: data must be a group { ... }, but is the text "photos". Write for example {"folder":"photos"}.',
    ],
    [
      "[]",
      '1:1: The configuration must be a group { ... }, but is a list. Write for example {"data":{"folder":"photos"}}.',
    ],
    [
      '{ "data": { "folder": "p", "classNames": { "a/b~c": 1 } } }',
      '1:53: data.classNames["a/b~c"] must be text in double quotes, but is 1. Correct or remove it.',
    ],
  ])("%s", (text, expected) => expect(problemsOf(text)).toEqual([expected]));
});

describe("values that do not fit each other", () => {
  const cases: readonly (readonly [group: string, expected: readonly string[]])[] = [
    [
      '"prompt": { "template": "a photo" }',
      [
        'prompt.template does not name the class, so that all classes would have the same prompt. Put {class} in it, as in "a {domain}photo of a {class}".',
      ],
    ],
    [
      '"prompt": { "template": "a {clas}" }',
      ["prompt.template has the unknown placeholder {clas}. Did you mean {class}?"],
    ],
    [
      '"prompt": { "template": "a {class} in {place}" }',
      ["prompt.template has the unknown placeholder {place}. Known are {class} and {domain}."],
    ],
    [
      '"fusion": { "weights": { "kind": "fixed", "values": [0.2, 0.3, 0.5] } }',
      ["fusion.weights.values has 3 weights for 2 adapters per image. Give 2, or set fusion.adaptersPerImage to 3."],
    ],
    [
      '"fusion": { "adaptersPerImage": 1, "weights": { "kind": "fixed", "values": [0.5, 0.5] } }',
      ["fusion.weights.values has 2 weights for 1 adapter per image. Give 1, or set fusion.adaptersPerImage to 2."],
    ],
    [
      '"fusion": { "weights": { "kind": "fixed", "values": [0.5, 0.4] } }',
      [
        "warning: fusion.weights.values sum to 0.9, not to 1: adapters act weaker than trained. Make them sum to 1 unless you mean it.",
      ],
    ],
    [
      '"training": { "steps": 100, "warmupSteps": 100 }',
      [
        "The warm-up of 100 steps lasts as long as the training of 100 steps: the learning rate never reaches its value. Set training.warmupSteps below 100.",
      ],
    ],
    [
      '"training": { "steps": 5 }',
      [
        "warning: The warm-up of 10 steps lasts as long as the training of 5 steps: the learning rate never reaches its value. Set training.warmupSteps below 5.",
      ],
    ],
    [
      '"output": { "folder": "photos/out" }',
      [
        'The run folder "photos/out" lies inside data.folder "photos": its images would be taken for photos. Choose a folder outside.',
      ],
    ],
    ['"output": { "folder": "photos-out" }', []],
    [
      '"prompt": { "negative": "text" }, "sampling": { "guidanceScale": 1 }',
      [
        "warning: prompt.negative has no effect at sampling.guidanceScale 1, which switches guidance off. Raise the scale or remove the prompt.",
      ],
    ],
    [
      '"preset": "paper"',
      ['warning: preset "paper" is not made for the model "loft-mini". Use "loft-mini" or "auto" unless you mean it.'],
    ],
    ['"preset": "paper", "model": "../sd21"', []],
    [
      '"training": { "steps": 5, "warmupSteps": 0, "epochs": 3 }',
      [
        "training.steps 5 and training.epochs 3 are both given, and each decides how long is trained. Keep one of the two.",
      ],
    ],
    ['"training": { "steps": null, "epochs": 3 }', []],
    ['"evaluation": { "classifier": ["loft-mini-clip", "resnet"], "learningRate": [0.001, 0.05] }', []],
    ['"evaluation": { "classifier": ["loft-mini-clip", "resnet"], "learningRate": 0.01 }', []],
    [
      '"evaluation": { "classifier": ["loft-mini-clip", "resnet"], "learningRate": [0.001] }',
      [
        "evaluation.learningRate has 1 rate for 2 classifiers. Give 2, in the order of evaluation.classifier, or one number.",
      ],
    ],
    ['"evaluation": { "classifier": ["loft-mini-clip", "resnet"], "steps": [60, 300] }', []],
    [
      '"evaluation": { "classifier": "resnet", "steps": [60, 300] }',
      [
        "evaluation.steps has 2 numbers for 1 classifier. Give 1, in the order of evaluation.classifier, or one number.",
      ],
    ],
    [
      '"evaluation": { "classifier": ["resnet", "resnet"] }',
      ["evaluation.classifier names something twice. Name each once."],
    ],
    [
      '"evaluation": { "classifier": 3 }',
      [
        'evaluation.classifier must be text in double quotes or a list [ ... ], but is 3. Write for example "loft-mini-clip".',
      ],
    ],
    ['"method": "datadream-class", "training": { "warmupSteps": 500 }', []],
    [
      '"method": "class-prompt", "training": { "steps": 5, "warmupSteps": 5 }',
      ["steps", "warmupSteps"].map(
        (field) =>
          `warning: training.${field} has no effect with the method "class-prompt". Remove it, or choose another method.`,
      ),
    ],
    [
      '"method": "caption-prompt"',
      [
        'The method "caption-prompt" needs captions, and prompt.captions is not given. Write for example "prompt": { "captions": "captions.txt" }; the file has a [class] line and a caption a line.',
      ],
    ],
    ['"method": "caption-prompt", "prompt": { "captions": "c.txt", "domain": "pet" }', []],
    ['"prompt": { "captions": "c.txt" }, "evaluation": { "methods": ["loft", "caption-prompt"] }', []],
    [
      '"evaluation": { "methods": ["caption-prompt"] }',
      [
        'The method "caption-prompt" needs captions, and prompt.captions is not given. Write for example "prompt": { "captions": "captions.txt" }; the file has a [class] line and a caption a line.',
      ],
    ],
    ['"method": "class-prompt", "training": { "steps": 20 }, "evaluation": { "methods": ["loft"] }', []],
    [
      '"prompt": { "captions": "c.txt" }',
      [
        'warning: prompt.captions has no effect with the method "loft". Set "method" to "caption-prompt", or remove it.',
      ],
    ],
    [
      '"method": "class-prompt", "training": { "resolution": 64, "steps": 20 }, "fusion": { "adaptersPerImage": 3 }',
      [
        'warning: training.steps has no effect with the method "class-prompt". Remove it, or choose another method.',
        'warning: fusion.adaptersPerImage has no effect with the method "class-prompt". Remove it, or choose another method.',
      ],
    ],
    [
      '"method": "datadream-dataset", "fusion": { "weights": { "kind": "fixed", "values": [0.5, 0.5] } }',
      [
        'warning: fusion.weights has no effect with the method "datadream-dataset". Remove it, or choose another method.',
      ],
    ],
  ];
  test.each(cases)("%s", (group, expected) => {
    expect(problemsOf(withGroup(group)).map((line) => line.replace(/^\d+:\d+: /, ""))).toEqual(expected);
  });

  test.each([
    [
      '{ "data": { "folder": "." } }',
      '1:23: The run folder runs/ lies inside data.folder ".": its images would be taken for photos. Set output.folder to a place outside, such as "../runs/my-run".',
    ],
    [
      '{ "data": { "folder": "p", "classNames": { "a": "cat", "b": "cat" } } }',
      '1:61: The folders "a" and "b" have the same class name "cat". Give them different names, or put their photos into one folder.',
    ],
  ])("%s", (text, expected) => expect(problemsOf(text)).toEqual([expected]));
});

describe("all at once", () => {
  const text = `{
  "data": { "foldr": "photos", "shots": 0 },
  "trainig": {},
  "prompt": { "template": "a photo" },
  "sampling": {
    "guidanceScale": "2",
    "scheduler": "ddmi",
  }
}`;
  test("in the order of the text, and no configuration", () => {
    expect(problemsOf(text)).toEqual([
      '2:11: "folder" is missing in data. Write for example "folder": "photos".',
      '2:13: "foldr" is no key of data. Did you mean "folder"?',
      "2:41: data.shots must be at least 1, but is 0. Write for example 16.",
      '3:3: "trainig" is no key of the configuration. Did you mean "training"?',
      '4:27: prompt.template does not name the class, so that all classes would have the same prompt. Put {class} in it, as in "a {domain}photo of a {class}".',
      '6:22: sampling.guidanceScale must be a number, but is the text "2". Write 2 without quotes.',
      '7:18: sampling.scheduler cannot be the text "ddmi". Did you mean "ddim"?',
    ]);
    expect(check(text).config).toBeUndefined();
  });
});

describe("any text", () => {
  const alphabet = [
    ..."{}[]\":,/*-+.eE019 \n\t\\utfn'",
    '"data"',
    '"folder"',
    '"fusion"',
    '"weights"',
    '"kind"',
    '"fixed"',
    "null",
    "1e999",
  ];
  test("gives a configuration or a problem inside the text, and never throws", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...alphabet), { maxLength: 60 }), (parts) => {
        const text = parts.join("");
        const { config, problems } = check(text);
        expect(config === undefined).toBe(problems.some(({ severity }) => severity === "error"));
        for (const { offset, length } of problems) expect(offset + length).toBeLessThanOrEqual(text.length + 1);
      }),
      { numRuns: 2000 },
    );
  });

  test("any JSON value in any place is told, never thrown", () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom("data", "prompt", "adapter", "fusion", "training", "seed"),
        (value, key) => {
          const text = JSON.stringify({ data: { folder: "p" }, [key]: value });
          const { config, problems } = check(text);
          expect(config === undefined).toBe(problems.some(({ severity }) => severity === "error"));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("very many mistakes", () => {
  const many = (member: (at: number) => string) => Array.from({ length: 40_000 }, (_, at) => member(at)).join(",\n");
  it.each([
    ["unknown keys", `{ "data": { "folder": "p" }, ${many((at) => `"k${at}": ${at}`)} }`],
    ["shared names", `{ "data": { "folder": "p", "classNames": { ${many((at) => `"k${at}": "same"`)} } } }`],
    ["the same key", `{ "data": { "folder": "p" }, ${many(() => '"seed": 1')} }`],
    ["no JSON", `{ ${many(() => "x")} }`],
  ])("%s: the first ones are told, without minutes of search", { timeout: 30_000 }, (_, text) => {
    expect(check(text).problems.length).toBeGreaterThan(100);
    expect(check(text).problems.length).toBeLessThanOrEqual(mostProblems + 2);
  });
});
