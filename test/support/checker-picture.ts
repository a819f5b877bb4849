/** The picture that Pillow's expected bytes were made from. */
import type { Picture } from "../../daemon/data/picture.ts";

/** Integers only, so that another language makes the same picture. */
export function checkerPicture(width: number, height: number): Picture {
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const checker = ((x >> 3) ^ (y >> 3)) & 1 ? 230 : 20;
      rgb.set([(x * 7 + y * y) % 256, (x * x + 3 * y) % 256, checker], (y * width + x) * 3);
    }
  }
  return { width, height, rgb };
}
