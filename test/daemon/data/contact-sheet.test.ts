/** The sheet shows what it was given, whole and in place, on a machine without fonts too. */
import { array, assert, double, integer, property, record, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { type Box, newCanvas } from "../../../daemon/data/canvas.ts";
import { drawContactSheet, encodeContactSheet } from "../../../daemon/data/contact-sheet.ts";
import { glyphs } from "../../../daemon/data/label-font.ts";
import { drawText, fittedText, plainText, type TextStyle, textWidth } from "../../../daemon/data/label-text.ts";
import type { Picture } from "../../../daemon/data/picture.ts";
import {
  type ContactSheet,
  layoutSheet,
  type SheetImage,
  type SheetItem,
  sheetCapacity,
} from "../../../daemon/data/sheet-layout.ts";
import { pattern } from "./hostile-images.ts";

const style: TextStyle = { unit: 1.6, stroke: 1.3, color: [0, 0, 0] };

function pictureOf(width: number, height: number): Picture {
  return { width, height, rgb: pattern(width, height) };
}

function sheetOf(
  side: number,
  options: { parents?: number; images?: number; photos?: number; classes?: number } = {},
): ContactSheet {
  const picture = pictureOf(side, side);
  const { parents = 2, images = 3, photos = 4, classes = 1 } = options;
  const image: SheetImage = {
    picture,
    label: "000001",
    parents: Array(parents).fill({ picture, weight: 1 / parents }),
  };
  return {
    title: "a title",
    classes: Array(classes).fill({
      name: "cat",
      photos: Array(photos).fill({ picture }),
      images: Array(images).fill(image),
    }),
  };
}

function picturesOf(items: readonly SheetItem[]) {
  return items.flatMap((item) => (item.kind === "picture" ? [item] : []));
}

function textsOf(items: readonly SheetItem[]) {
  return items.flatMap((item) => (item.kind === "text" ? [item.text] : []));
}

function overlap(one: Box, other: Box): boolean {
  const apart = one.x + one.width <= other.x || other.x + other.width <= one.x;
  return !apart && one.y < other.y + other.height && other.y < one.y + one.height;
}

describe("the font", () => {
  it("has every printable ASCII character, on a proper grid, each different", () => {
    const letters = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
    expect(Object.keys(glyphs).sort()).toEqual(letters.sort());
    for (const rows of Object.values(glyphs)) {
      expect(rows).toMatch(/^[.#]+( [.#]+){6}( [.#]+ [.#]+)?$/);
      expect(new Set(rows.split(" ").map((row) => row.length)).size).toBe(1);
    }
    expect(new Set(Object.values(glyphs)).size).toBe(95);
  });

  it.each([
    ["Crème Brûlée", "Creme Brulee"],
    ["日本", "??"],
    ["a\tb\nc", "a b c"],
    ["\u{1f600}", "?"],
    ["ﬁn", "fin"],
    ["constructor", "constructor"],
  ])("says %j as %j", (text, plain) => expect(plainText(text)).toBe(plain));

  it("cuts text that is too wide, and only then", () => {
    expect(fittedText("short", 200, style)).toBe("short");
    const cut = fittedText("a long name of a class", 80, style);
    expect(cut).toMatch(/^a long.*\.\.\.$/);
    expect(textWidth(cut, style)).toBeLessThanOrEqual(80);
    expect(fittedText("abc", 0, style)).toBe("...");
  });

  it("draws inside of the width it tells, and outside of the sheet without harm", async () => {
    await assert(
      property(string({ minLength: 1, maxLength: 12 }), double({ min: 1, max: 3, noNaN: true }), (text, unit) => {
        const wide = { ...style, unit };
        const canvas = newCanvas(200, 40, [255, 255, 255]);
        drawText(canvas, text, 3, 25, wide);
        const right = 3 + textWidth(text, wide);
        const stray = canvas.rgb.findIndex(
          (byte, at) => byte < 128 && (right < Math.floor(at / 3) % 200 || Math.floor(at / 3) % 200 < 2),
        );
        expect(stray).toBe(-1);
      }),
      { numRuns: 50 },
    );
    expect(() => drawText(newCanvas(4, 4, [0, 0, 0]), "far away", -50, 90, style)).not.toThrow();
  });
});

describe("layoutSheet", () => {
  it("doubles 64-pixel pictures, and halves 512-pixel ones", () => {
    const sizes = (side: number) => picturesOf(layoutSheet(sheetOf(side)).items)[0]!.box.width;
    expect([16, 64, 96, 128, 256, 512, 1024].map(sizes)).toEqual([144, 128, 96, 128, 256, 256, 256]);
  });

  it("caps what it shows and says how much is not shown", () => {
    const { classes, photos, images } = sheetCapacity(64, 2);
    expect([classes, photos, images]).toEqual([12, 8, 12]);
    const layout = layoutSheet(sheetOf(64, { classes: 14, photos: 11, images: 15 }));
    expect(picturesOf(layout.items)).toHaveLength(classes * (photos + images * 3));
    expect(textsOf(layout.items).filter((text) => text.includes("more"))).toEqual([
      ...Array(12).fill(["+3 more", "+3 more"]).flat(),
      "+2 more classes",
    ]);
  });

  it("counts what was not handed in", () => {
    const sheet = sheetOf(64);
    const [one] = sheet.classes;
    const layout = layoutSheet({ ...sheet, classes: [{ ...one!, photoCount: 16, imageCount: 200 }], classCount: 2 });
    expect(textsOf(layout.items).filter((text) => text.includes("more"))).toEqual([
      "+12 more",
      "+197 more",
      "+1 more class",
    ]);
  });

  it("shows weights under parents, and a count for those beyond six", () => {
    const texts = textsOf(layoutSheet(sheetOf(64, { parents: 8, images: 1 })).items);
    expect(texts.filter((text) => text === "0.13")).toHaveLength(5);
    expect(texts).toContain("+2");
  });

  it("explains parents only when there are some", () => {
    const legend = (parents: number) =>
      textsOf(layoutSheet(sheetOf(64, { parents })).items).some((text) => text.startsWith("Beside"));
    expect([legend(0), legend(1)]).toEqual([false, true]);
  });

  it("keeps everything inside of the sheet and pictures apart, whatever comes", async () => {
    const picture = record({ width: integer({ min: 1, max: 700 }), height: integer({ min: 1, max: 700 }) }).map(
      ({ width, height }) => ({
        width,
        height,
        rgb: new Uint8Array(),
      }),
    );
    const image = record({
      picture,
      label: string(),
      parents: array(record({ picture, weight: double({ noNaN: true, min: 0, max: 1 }) }), { maxLength: 9 }),
    });
    const classes = array(
      record({
        name: string(),
        photos: array(record({ picture }), { maxLength: 9 }),
        images: array(image, { maxLength: 9 }),
      }),
      { maxLength: 3 },
    );
    await assert(
      property(string(), classes, (title, all) => {
        const { width, height, items } = layoutSheet({ title, subtitle: title, classes: all });
        const boxes = picturesOf(items).map(({ box }) => box);
        for (const box of boxes) {
          expect(0 <= box.x && 0 <= box.y && box.x + box.width <= width && box.y + box.height <= height).toBe(true);
          expect(boxes.filter((other) => overlap(box, other))).toHaveLength(1);
        }
        for (const item of items) {
          if (item.kind === "text")
            expect(item.x + textWidth(item.text, item.style) <= width && item.y < height).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("drawContactSheet", () => {
  it("puts every pixel of a 64-pixel picture on the sheet as 2 x 2", () => {
    const sheet = sheetOf(64, { images: 0, photos: 1 });
    const { box, picture } = picturesOf(layoutSheet(sheet).items)[0]!;
    const drawn = drawContactSheet(sheet);
    for (let y = 0; y < 128; y += 1) {
      for (let x = 0; x < 128; x += 1) {
        const at = ((box.y + y) * drawn.width + box.x + x) * 3;
        const from = ((y >> 1) * 64 + (x >> 1)) * 3;
        expect(drawn.rgb.subarray(at, at + 3)).toEqual(picture.rgb.subarray(from, from + 3));
      }
    }
  });

  it("keeps the proportions of pictures that are not square", () => {
    const black = { width: 64, height: 16, rgb: new Uint8Array(64 * 16 * 3) };
    const sheet = { title: "", classes: [{ name: "", photos: [{ picture: black }], images: [] }] };
    const { box } = picturesOf(layoutSheet(sheet).items)[0]!;
    const drawn = drawContactSheet(sheet);
    const column = Array.from(
      { length: box.height },
      (_, y) => drawn.rgb[((box.y + y) * drawn.width + box.x + 64) * 3],
    );
    expect(column.filter((byte) => byte === 0)).toHaveLength(32);
  });

  it("draws a sheet of nothing", () => {
    const { width, height } = drawContactSheet({ title: "", classes: [] });
    expect([width > 0, height > 0]).toEqual([true, true]);
  });

  it("gives the same bytes each time", async () => {
    expect(await encodeContactSheet(sheetOf(64))).toEqual(await encodeContactSheet(sheetOf(64)));
  });
});
