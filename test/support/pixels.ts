/** The pixels of an encoded picture, for comparing pictures whatever their metadata. */
import sharp from "sharp";

/** RGB bytes, row by row. */
export async function pixelsOf(encoded: Buffer): Promise<Buffer> {
  return sharp(encoded).removeAlpha().raw().toBuffer();
}
