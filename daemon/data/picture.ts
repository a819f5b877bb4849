/** A picture in memory as 8-bit RGB, and its conversion from and to the model's [-1, 1]. */

/** 8-bit sRGB, three bytes a pixel, row by row from the top left. */
export type Picture = { readonly width: number; readonly height: number; readonly rgb: Uint8Array };

/** Channel planes in [-1, 1], as the VAE takes and gives them: [3, height, width]. */
export type PictureTensor = { readonly width: number; readonly height: number; readonly values: Float32Array };

/** Bytes to [-1, 1] in float32 steps: (byte / 255 - 0.5) / 0.5 (torchvision's ToTensor, then Normalize). */
export function toTensor(picture: Picture): PictureTensor {
  const { width, height, rgb } = picture;
  const plane = width * height;
  const values = new Float32Array(3 * plane);
  for (let pixel = 0; pixel < plane; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      values[channel * plane + pixel] = unitValues[rgb[pixel * 3 + channel]!]!;
    }
  }
  return { width, height, values };
}

const unitValues = Float32Array.from({ length: 256 }, (_, byte) => Math.fround(Math.fround(byte / 255) - 0.5) * 2);

/**
 * [-1, 1] to bytes: round(clamp(x / 2 + 0.5, 0, 1) * 255), halves to even, all in float32 (diffusers'
 * VaeImageProcessor: denormalize, then numpy_to_pil). NaN becomes 0; whoever made the values must have checked them.
 */
export function toRgb8(tensor: PictureTensor): Picture {
  const { width, height, values } = tensor;
  const plane = width * height;
  if (values.length !== 3 * plane) {
    throw new Error(`toRgb8: ${values.length} values are not [3, ${height}, ${width}]`);
  }
  const rgb = new Uint8Array(3 * plane);
  for (let pixel = 0; pixel < plane; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      rgb[pixel * 3 + channel] = toByte(values[channel * plane + pixel]!);
    }
  }
  return { width, height, rgb };
}

function toByte(value: number): number {
  const unit = Math.fround(Math.fround(value * 0.5) + 0.5);
  return roundHalfToEven(Math.fround(Math.min(Math.max(unit, 0), 1) * 255));
}

/** NumPy's rounding; Math.round takes halves upward. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest === 0.5) return below % 2 === 0 ? below : below + 1;
  return rest < 0.5 ? below : below + 1;
}
