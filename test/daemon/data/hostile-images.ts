/** Pictures of every awkward kind, made on the spot, so that no binary fixture is needed. */
import sharp, { type Sharp } from "sharp";

/** A deterministic colorful picture without symmetry, `width` x `height` RGB. */
export function pattern(width: number, height: number): Uint8Array {
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 3;
      rgb[at] = (x * 7 + y * y) % 256;
      rgb[at + 1] = 128 + Math.round(100 * Math.sin(x / 5) * Math.cos(y / 3));
      rgb[at + 2] = ((x >> 3) ^ (y >> 3)) & 1 ? 230 : 20;
    }
  }
  return rgb;
}

/** The same as a sharp pipeline. */
export function patternImage(width = 48, height = 32): Sharp {
  return sharp(pattern(width, height), { raw: { width, height, channels: 3 } });
}

/** A picture of one color, transparent by half if asked. */
export function plainImage(color: string, alpha = 1): Sharp {
  const background = { ...rgbOf(color), alpha };
  return sharp({ create: { width: 20, height: 10, channels: alpha === 1 ? 3 : 4, background } });
}

/** Three frames: red, green, blue. */
export async function animatedImage(format: "gif" | "webp"): Promise<Buffer> {
  const frames = ["#ff0000", "#00ff00", "#0000ff"].map((color) => plainImage(color).png().toBuffer());
  const joined = sharp(await Promise.all(frames), { join: { animated: true } });
  return format === "gif" ? joined.gif().toBuffer() : joined.webp({ lossless: true }).toBuffer();
}

/** The first part of `bytes`. */
export function truncated(bytes: Uint8Array, share = 0.6): Uint8Array {
  return bytes.subarray(0, Math.floor(bytes.length * share));
}

/** Header of a PNG that claims to be enormous; its pixel data is a few bytes. */
export function hugePng(width: number, height: number): Uint8Array {
  const png = Buffer.from(
    "89504e470d0a1a0a0000000d4948445200000000000000000802000000000000000000000049444154789c030000000001ae426082",
    "hex",
  );
  png.writeUInt32BE(width, 16);
  png.writeUInt32BE(height, 20);
  png.writeUInt32BE(crcOf(png.subarray(12, 29)), 29);
  return png;
}

/** CRC-32 bit by bit, independent of the code under test. */
export function crcOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

function rgbOf(color: string): { r: number; g: number; b: number } {
  const value = Number.parseInt(color.slice(1), 16);
  return { r: value >> 16, g: (value >> 8) & 255, b: value & 255 };
}
