/** Photos as the model sees them, and PNG files with their notes. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { encodePng, photoLimits, readPhoto, readPhotoSquare, readPicture } from "../../../daemon/data/image-file.ts";
import { readPngText } from "../../../daemon/data/png-text.ts";
import { digitalSourceType, syntheticXmp } from "../../../daemon/data/provenance.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { animatedImage, hugePng, pattern, patternImage, plainImage, truncated } from "./hostile-images.ts";

async function fileWith(content: Uint8Array | string): Promise<string> {
  const file = join(await temporaryFolder(), "photo.bin");
  await writeFile(file, content);
  return file;
}

/** The color of the first pixel. */
async function firstPixel(bytes: Uint8Array): Promise<readonly number[]> {
  return [...(await readPicture(await fileWith(bytes))).rgb.subarray(0, 3)];
}

describe("readPhotoSquare", () => {
  it("keeps every pixel of an RGB picture of the right size", async () => {
    const file = await fileWith(await patternImage(64, 64).png().toBuffer());
    expect(Buffer.from((await readPhotoSquare(file, 64)).rgb).equals(Buffer.from(pattern(64, 64)))).toBe(true);
  });

  it("gives values in [-1, 1] as channel planes", async () => {
    const file = await fileWith(await plainImage("#ff0080").png().toBuffer());
    const { width, height, values } = await readPhoto(file, 4);
    expect([width, height, values.length]).toEqual([4, 4, 48]);
    expect([values[0], values[16]]).toEqual([1, -1]);
    expect(values[32]).toBeCloseTo(128 / 127.5 - 1, 6);
  });

  it("turns by EXIF orientation before cropping", async () => {
    // Left half red, right half blue; orientation 6 says: turn clockwise, so red comes to the top.
    const halves = Buffer.concat(
      Array.from({ length: 8 }, () =>
        Buffer.concat([Buffer.from("ff0000".repeat(8), "hex"), Buffer.from("0000ff".repeat(8), "hex")]),
      ),
    );
    const image = sharp(halves, { raw: { width: 16, height: 8, channels: 3 } });
    const upright = await readPicture(await fileWith(await image.png().withMetadata({ orientation: 6 }).toBuffer()));
    expect([upright.width, upright.height]).toEqual([8, 16]);
    expect([...upright.rgb.subarray(0, 3), ...upright.rgb.subarray(-3)]).toEqual([255, 0, 0, 0, 0, 255]);
  });
});

describe("color", () => {
  it.each([
    ["alpha goes onto white", plainImage("#ff0000", 0).png(), [255, 255, 255], 0],
    ["half alpha is half white", plainImage("#ff0000", 0.5).png(), [255, 127, 127], 1],
    ["16 bits become 8", plainImage("#c86432").toColourspace("rgb16").png(), [200, 100, 50], 0],
    ["grey becomes three equal channels", plainImage("#808080").toColourspace("b-w").png(), [128, 128, 128], 0],
    ["16-bit grey is not clipped", plainImage("#404040").toColourspace("grey16").png(), [64, 64, 64], 1],
    ["palette", plainImage("#c86432").png({ palette: true }), [200, 100, 50], 0],
    ["CMYK TIFF", plainImage("#ffffff").toColourspace("cmyk").tiff(), [255, 255, 255], 2],
    ["CMYK JPEG", plainImage("#ffffff").toColourspace("cmyk").jpeg(), [255, 255, 255], 2],
    ["CMYK black", plainImage("#000000").toColourspace("cmyk").tiff(), [35, 31, 32], 40],
  ] as const)("%s", async (_, image, expected, tolerance) => {
    const pixel = await firstPixel(await image.toBuffer());
    const differences = pixel.map((value, channel) => Math.abs(value - expected[channel]!));
    expect(Math.max(...differences)).toBeLessThanOrEqual(tolerance);
  });

  it.each(["gif", "webp"] as const)("takes the first frame of an animated %s", async (format) => {
    const [red, green, blue] = await firstPixel(await animatedImage(format));
    expect([red! < 250, green! > 5, blue! > 5]).toEqual([false, false, false]);
  });
});

describe("unreadable files", () => {
  it.each([
    ["0 bytes", ""],
    ["text", "hello"],
    ["a huge claim", hugePng(60000, 60000)],
    ["svg", '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'],
    ["more bytes than allowed", Buffer.alloc(photoLimits.bytes + 1)],
  ])("%s", async (_, content) => {
    const file = await fileWith(content);
    await loftErrorOf(() => readPicture(file), "image-unreadable");
  });

  it("a truncated file", async () => {
    const file = await fileWith(truncated(await patternImage().jpeg().toBuffer()));
    expect((await loftErrorOf(() => readPhoto(file, 8), "image-unreadable")).what).toContain(file);
  });

  it("a file that vanished, and a folder", async () => {
    const folder = await temporaryFolder();
    await loftErrorOf(() => readPicture(join(folder, "gone.png")), "file-vanished");
    await loftErrorOf(() => readPicture(folder), "file-unreadable");
  });
});

describe("encodePng", () => {
  const picture = { width: 20, height: 12, rgb: pattern(20, 12) };
  const notes = { text: { parameters: "a photo of a cat\nSteps: 25", loft: '{"name":"日本"}' }, xmp: syntheticXmp };

  it("gives pixels and notes back, and the same bytes each time", async () => {
    const png = await encodePng(picture, notes);
    expect((await readPicture(await fileWith(png))).rgb).toEqual(Uint8Array.from(picture.rgb));
    expect(Object.fromEntries(readPngText(png))).toEqual({ ...notes.text, "XML:com.adobe.xmp": syntheticXmp });
    expect(await encodePng(picture, notes)).toEqual(png);
  });

  it("writes XMP that another reader finds", async () => {
    const { xmp } = await sharp(await encodePng(picture, notes)).metadata();
    expect(xmp?.toString("utf8")).toContain(digitalSourceType);
  });

  it("stays RGB for pictures with few colors", async () => {
    const flat = { width: 8, height: 8, rgb: new Uint8Array(192).fill(128) };
    const { channels, isPalette, depth } = await sharp(await encodePng(flat)).metadata();
    expect([channels, isPalette, depth]).toEqual([3, false, "uchar"]);
  });
});
