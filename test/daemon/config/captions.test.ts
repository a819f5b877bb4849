/** Captions files: text in, sections or line numbers with what is wrong out; never an exception. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ParsedCaptions, parseCaptionJson, parseCaptionText } from "../../../daemon/config/captions.ts";

const shown = ({ sections, problems }: ParsedCaptions) =>
  0 < problems.length
    ? problems.map(({ line, message, fix }) => `${line}: ${message} ${fix}`)
    : sections.map(({ name, line, captions }) => `${line} ${name}: ${captions.join(" | ")}`);

describe("the text form", () => {
  const cases: readonly (readonly [text: string, expected: readonly string[]])[] = [
    [
      "[cat]\na {class}\n\n# no caption\n  a {domain}photo \n[dog]\nx",
      ["1 cat: a {class} | a {domain}photo", "6 dog: x"],
    ],
    ["\uFEFF[ tabby cat ]\r\na\rb\r\n", ["1 tabby cat: a | b"]],
    ["[a [b]]\ncaption [of] [it]", ["1 a [b]: caption [of] [it]"]],
    ["", ["1: The file holds no class. Write a line like [cat], and below it a caption a line."]],
    ["# only\n\n", ["1: The file holds no class. Write a line like [cat], and below it a caption a line."]],
    [
      "a cat\nanother\n[cat]\nx",
      [
        "1: A caption stands before the first class. Write a line like [cat] above it.",
        "2: A caption stands before the first class. Write a line like [cat] above it.",
      ],
    ],
    ["[cat]\nx\n[dog]\n", ['3: The class "dog" has no caption. Write at least one.']],
    ["[]\nx", ["1: A class name is empty. Write the name of a class."]],
    ["[cat]\na {clas}", ["2: The caption has the unknown placeholder {clas}. Did you mean {class}?"]],
    ["[cat]\na {x} cat", ["2: The caption has the unknown placeholder {x}. Known are {class} and {domain}."]],
    ["[\u0000c\u0000a\u0000", ["1: The file is not UTF-8 text; it looks like UTF-16. Save it as UTF-8."]],
  ];
  test.each(cases)("%j", (text, expected) => expect(shown(parseCaptionText(text))).toEqual(expected));
});

describe("the JSON form", () => {
  const cases: readonly (readonly [text: string, expected: readonly string[]])[] = [
    ['{ "cat": ["a {class}", " b "],\n // more\n "dog": ["c",] }', ["1 cat: a {class} | b", "3 dog: c"]],
    [
      "[]",
      ['1: The file is no JSON object of classes. Write for example { "cat": ["a photo of a sleeping {class}"] }.'],
    ],
    ["{}", ["1: The file holds no class. Write a line like [cat], and below it a caption a line."]],
    ['{\n"cat": []}', ['2: The class "cat" has no caption. Write at least one.']],
    [
      '{\n"cat": "a cat"}',
      [
        '2: The class "cat" has something else than a list of texts. Write for example "cat": ["a photo of a sleeping {class}"].',
      ],
    ],
    [
      '{\n"cat": ["a",\n 3]}',
      [
        '3: The class "cat" has something else than a list of texts. Write for example "cat": ["a photo of a sleeping {class}"].',
      ],
    ],
    ['{ "cat": [\n" "] }', ["2: A caption is empty. Write one, or remove it."]],
    ['{ "cat": ["a {clas}"] }', ["1: The caption has the unknown placeholder {clas}. Did you mean {class}?"]],
    ['{ "cat": ["a"],\n "cat": ["b"] }', ['2: "cat" is given twice in this group. Keep one of the two.']],
    ['{ "cat": ["a"]', ["1: A closing brace is missing. Write }"]],
  ];
  test.each(cases)("%j", (text, expected) => expect(shown(parseCaptionJson(text))).toEqual(expected));
});

describe("any text", () => {
  const pieces = [...'[]{}:,"\n\r# \t\u0000', "cat", "{class}", "{x}", '["a"]', "null", "1e9"];
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join(""));
  test.each([parseCaptionText, parseCaptionJson])("%p gives captions for every class, or a problem", (parse) => {
    fc.assert(
      fc.property(text, (content) => {
        const { sections, problems } = parse(content);
        const isWhole =
          0 < sections.length && sections.every(({ name, captions }) => name !== "" && 0 < captions.length);
        expect(isWhole || 0 < problems.length).toBe(true);
        for (const { line } of problems) expect(line).toBeLessThanOrEqual(content.split(/\r\n|\r|\n/).length);
      }),
      { numRuns: 2000 },
    );
  });

  test("what is written comes back", () => {
    const word = fc.stringMatching(/^[a-z][a-z ]{0,8}[a-z]$/);
    const classes = fc.uniqueArray(fc.tuple(word, fc.array(word, { minLength: 1, maxLength: 4 })), {
      selector: ([name]) => name,
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(classes, (given) => {
        const asText = given.map(([name, captions]) => [`[${name}]`, ...captions].join("\n")).join("\n\n");
        const asJson = JSON.stringify(Object.fromEntries(given));
        for (const parsed of [parseCaptionText(asText), parseCaptionJson(asJson)]) {
          expect(parsed.problems).toEqual([]);
          expect(parsed.sections.map(({ name, captions }) => [name, captions])).toEqual(given);
        }
      }),
    );
  });
});
