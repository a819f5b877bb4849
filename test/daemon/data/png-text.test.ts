/** PNG text survives the round trip, comes from other writers' chunks too, and damaged files never throw. */
import { deflateSync } from "node:zlib";
import { assert, constant, dictionary, oneof, property, string, stringMatching, uint8Array } from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32, encodePngChunk, pngHeaderLength } from "../../../daemon/data/png-chunks.ts";
import { readPngText, withPngText } from "../../../daemon/data/png-text.ts";
import { crcOf, patternImage } from "./hostile-images.ts";

const png: Uint8Array = await patternImage(5, 4).png().toBuffer();

function withChunk(type: string, data: Buffer): Uint8Array {
  return Buffer.concat([
    png.subarray(0, pngHeaderLength),
    encodePngChunk({ type, data }),
    png.subarray(pngHeaderLength),
  ]);
}

describe("round trip", () => {
  it("of any keywords and texts", async () => {
    const keyword = stringMatching(/^[\x21-\x7e]{1,79}$/).filter((key) => key !== "__proto__");
    await assert(
      property(dictionary(keyword, string({ unit: "binary" }), { maxKeys: 4 }), (text) => {
        const expected = Object.entries(text).map(([key, value]) => [key, value.replaceAll("\0", "")]);
        const read = readPngText(withPngText(png, { text }));
        expect(Object.fromEntries(read)).toEqual(Object.fromEntries(expected));
      }),
      { numRuns: 60 },
    );
  });

  it("leaves the rest of the file as it is", () => {
    const noted = withPngText(png, { text: { loft: "{}" } });
    expect(noted.subarray(0, pngHeaderLength)).toEqual(png.subarray(0, pngHeaderLength));
    expect(noted.subarray(noted.length - png.length + pngHeaderLength)).toEqual(png.subarray(pngHeaderLength));
  });

  it("uses tEXt for Latin-1 and iTXt beyond", () => {
    const type = (text: string) => Buffer.from(withPngText(png, { text: { a: text } })).toString("latin1", 37, 41);
    expect([type("über"), type("日本")]).toEqual(["tEXt", "iTXt"]);
  });

  it.each(["", "x".repeat(80), "nul\0", "ü"])("refuses the keyword %j", (keyword) => {
    expect(() => withPngText(png, { text: { [keyword]: "" } })).toThrow("bad keyword");
  });
});

describe("chunks of other writers", () => {
  const itxt = (flags: number[], text: Buffer) =>
    Buffer.concat([Buffer.from("k\0"), Buffer.from(flags), Buffer.from("en\0Wort\0"), text]);
  it.each([
    ["zTXt", "zTXt", Buffer.concat([Buffer.from("k\0\0"), deflateSync("text")]), "text"],
    ["iTXt, plain", "iTXt", itxt([0, 0], Buffer.from("日本")), "日本"],
    ["iTXt, compressed", "iTXt", itxt([1, 0], deflateSync("日本")), "日本"],
    ["iTXt, unknown method", "iTXt", itxt([1, 9], deflateSync("x")), undefined],
    ["iTXt without its parts", "iTXt", Buffer.from("k\0\0\0en"), undefined],
    ["zTXt, unknown method", "zTXt", Buffer.from("k\0\x07abc"), undefined],
    ["zTXt, not deflate", "zTXt", Buffer.from("k\0\0abc"), undefined],
    [
      "zTXt, a bomb",
      "zTXt",
      Buffer.concat([Buffer.from("k\0\0"), deflateSync(Buffer.alloc(17 * 1024 * 1024))]),
      undefined,
    ],
    ["no keyword", "tEXt", Buffer.from("\0text"), undefined],
    ["no separator", "tEXt", Buffer.from("text"), undefined],
  ])("%s", (_, type, data, expected) => {
    expect(readPngText(withChunk(type, data)).get("k")).toBe(expected);
  });

  it("lets the first of two equal keywords win", () => {
    const noted = withPngText(withPngText(png, { text: { k: "second" } }), { text: { k: "first" } });
    expect(readPngText(noted).get("k")).toBe("first");
  });
});

describe("damaged files", () => {
  const noted = withPngText(png, { text: { parameters: "a photo", loft: '{"a":1}' } });

  it("never throw, whatever the bytes", async () => {
    const start = oneof(constant(new Uint8Array()), constant(noted.subarray(0, 8)), constant(noted.subarray(0, 45)));
    await assert(
      property(
        start,
        uint8Array({ maxLength: 300 }),
        (head, tail) => readPngText(Buffer.concat([head, tail])).size <= 30,
      ),
    );
  });

  it("give back nothing that a flipped bit has changed, at any place and length", () => {
    for (let at = 0; at < noted.length; at += 1) {
      const flipped = Uint8Array.from(noted);
      flipped[at]! ^= 0x10;
      const read = readPngText(flipped);
      expect(["a photo", undefined]).toContain(read.get("parameters"));
      expect(['{"a":1}', undefined]).toContain(read.get("loft"));
      expect([...readPngText(noted.subarray(0, at)).keys()].length).toBeLessThanOrEqual(2);
    }
  });

  it("tolerates a chunk length beyond the file", () => {
    const lying = Uint8Array.from(noted);
    lying.set([0xff, 0xff, 0xff, 0xff], pngHeaderLength);
    expect(readPngText(lying).size).toBe(0);
  });
});

it("computes the CRC of ISO 3309", async () => {
  expect(crc32(Buffer.from("123456789"))).toBe(0xcbf43926);
  await assert(property(uint8Array(), (bytes) => crc32(bytes) === crcOf(bytes)));
});
