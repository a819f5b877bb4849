/** Augmentations: the bytes of Pillow where Pillow has them, and what must hold of the random chain. */
import { describe, expect, it } from "vitest";
import { sha256 } from "../../../daemon/base/hash.ts";
import { randomStream } from "../../../daemon/base/random.ts";
import { mirrored, rotated, sheared, shifted } from "../../../daemon/data/affine.ts";
import { augmented, operations, randAugment } from "../../../daemon/data/augment.ts";
import * as color from "../../../daemon/data/color-ops.ts";
import { gaussianBlur, sharpness } from "../../../daemon/data/filter-ops.ts";
import { decodePhoto } from "../../../daemon/data/image-file.ts";
import type { Picture } from "../../../daemon/data/picture.ts";
import { checkerPicture } from "../../support/checker-picture.ts";
import { tinyPhoto } from "../../support/tiny-run.ts";

const picture = checkerPicture(50, 37);
const dull = { ...picture, rgb: picture.rgb.map((byte) => Math.floor(byte / 3) + 40) };

/** Start of the SHA-256 of the RGB bytes that Pillow 13.0 gives (ImageEnhance, ImageOps, Image.transform and rotate). */
const pillow: Record<string, string> = {
  "brightness 0.73": "82267968c8a0b33b",
  "contrast 0.73": "1707fb173306b965",
  "saturation 0.73": "06f717eb1b76ebd6",
  "sharpness 0.73": "9f102e26ffedeb29",
  "brightness 1.27": "9442245aa095c8f3",
  "contrast 1.27": "e5e55ff016919e65",
  "saturation 1.27": "81c2a9cce1034607",
  "sharpness 1.27": "2612451c45f9e723",
  "brightness 0": "10e9aa1505fb92c7",
  "contrast 0": "52053dd6e0062240",
  "saturation 0": "6c06288dbe187ec6",
  "sharpness 0": "a3a9c8c858c26b05",
  "brightness 1.4": "91e7173b330d6576",
  "contrast 1.4": "14677b53b8204941",
  "saturation 1.4": "ad3729e899b58f18",
  "sharpness 1.4": "4b062b38593a936e",
  "posterize 7": "9e60f961dbcf8968",
  "posterize 4": "b244dee0280162ce",
  "solarize 128": "07edb33518d60fdd",
  "solarize 178.5": "78558af58402e6b8",
  autoContrast: "dacb1a722638a945",
  equalize: "b6d7018057d67674",
  "equalize p": "11705d19bce166dc",
  grayscale: "6c06288dbe187ec6",
  mirror: "eff9f483620a51d7",
  shear: "5bea5221137339a0",
  shift: "ceead98ca06347db",
  "rotate 9": "39076339099d0b16",
  "rotate -9": "fd98b1a826883d1c",
};

const enhance = { ...color, sharpness } as Record<string, unknown>;
const special: Record<string, () => Picture> = {
  autoContrast: () => color.autoContrast(dull),
  equalize: () => color.equalize(dull),
  "equalize p": () => color.equalize(picture),
  mirror: () => mirrored(picture),
  shear: () => sheared(picture, 0.09, "horizontal"),
  shift: () => shifted(picture, 6.8, 0),
  "rotate 9": () => rotated(picture, 9),
  "rotate -9": () => rotated(picture, -9),
};

describe("one operation", () => {
  it.each(Object.entries(pillow))("%s is Pillow's", (name, hash) => {
    const [operation, number] = name.split(" ") as [string, string | undefined];
    const change = enhance[operation] as (picture: Picture, value: number) => Picture;
    const found = special[name]?.() ?? change(picture, Number(number));
    expect(sha256(found.rgb).slice(0, 16)).toBe(hash);
  });

  it("turns the hue: a full circle is nothing, a third exchanges the channels", () => {
    expect(color.hue(picture, 1).rgb).toEqual(picture.rgb);
    const turned = color.hue(picture, 1 / 3).rgb;
    for (let at = 0; at < 300; at += 3) {
      expect([turned[at], turned[at + 1], turned[at + 2]]).toEqual([
        picture.rgb[at + 2],
        picture.rgb[at],
        picture.rgb[at + 1],
      ]);
    }
  });

  it("blurs without moving or losing light", () => {
    const dot = { width: 21, height: 21, rgb: new Uint8Array(21 * 21 * 3) };
    dot.rgb.fill(255, (10 * 21 + 10) * 3, (10 * 21 + 10) * 3 + 3);
    const { rgb } = gaussianBlur(dot, 1.5);
    const at = (x: number, y: number) => rgb[(y * 21 + x) * 3]!;
    expect(at(10, 10)).toBe(Math.round(255 / (2 * Math.PI * 1.5 ** 2)));
    expect([at(9, 10), at(11, 10), at(10, 9), at(10, 11)]).toEqual(Array(4).fill(at(9, 10)));
    const light = rgb.reduce((sum, byte) => sum + byte, 0) / 3;
    expect(Math.abs(light - 255)).toBeLessThan(25);
  });
});

describe("the random chain", () => {
  it("gives the wanted size from any picture, the same for the same stream", () => {
    for (const [width, height] of [
      [50, 37],
      [64, 64],
      [1, 300],
      [300, 1],
      [3, 3],
    ] as const) {
      const source = checkerPicture(width, height);
      for (let number = 0; number < 20; number += 1) {
        const once = augmented(source, 32, randomStream("augment", number));
        expect([once.width, once.height, once.rgb.length]).toEqual([32, 32, 32 * 32 * 3]);
        expect(augmented(source, 32, randomStream("augment", number)).rgb).toEqual(once.rgb);
      }
    }
  });

  it("changes pictures, each time in another way, and never the one it was given", () => {
    const before = sha256(picture.rgb);
    const results = new Set(
      Array.from({ length: 50 }, (_, number) => sha256(augmented(picture, 32, randomStream(number)).rgb)),
    );
    expect(results.size).toBe(50);
    expect(sha256(picture.rgb)).toBe(before);
  });

  it("leaves a decoded picture as it was, whatever the operation", async () => {
    const { picture } = await decodePhoto(await tinyPhoto("decoded").png().toBuffer());
    const before = sha256(picture.rgb);
    for (const operation of operations) operation(picture, 1);
    expect(sha256(picture.rgb)).toBe(before);
  });

  it("uses every operation", () => {
    const singles = new Set(operations.map((operation) => sha256(operation(picture, 1).rgb)));
    expect(singles.size).toBe(14);
    const pairs = new Set(
      Array.from({ length: 400 }, (_, number) => sha256(randAugment(dull, randomStream(number)).rgb)),
    );
    expect(pairs.size).toBeGreaterThan(150);
  });
});
