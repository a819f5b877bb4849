/** Half-precision numbers as bit patterns: IEEE 754 binary16 and bfloat16, to and from float32. Pure. */

/** Widen binary16 bit patterns to float32; exact, NaN and infinities included. */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, widenFloat16);
}

/** Widen bfloat16 bit patterns to float32; exact, since bfloat16 is the upper half of a float32. */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const wide = new Uint32Array(bits.length);
  for (let index = 0; index < bits.length; index += 1) wide[index] = (bits[index] as number) << 16;
  return new Float32Array(wide.buffer);
}

/** Round float32 values to binary16 bit patterns, ties to even; values beyond 65504 become infinite. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const scratch = new Float32Array(1);
  const scratchBits = new Uint32Array(scratch.buffer);
  return Uint16Array.from(values, (value) => {
    scratch[0] = value;
    return narrowFloat32(scratchBits[0] as number);
  });
}

function widenFloat16(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function narrowFloat32(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (0x7f800000 < magnitude) return sign | 0x7e00;
  // 65520 is halfway between the largest binary16 and the next step, so it and all above round to infinity.
  if (0x477ff000 <= magnitude) return sign | 0x7c00;
  const isNormal = 0x38800000 <= magnitude;
  if (isNormal) return sign | roundedShift(magnitude - 0x38000000, 13);
  const shift = 126 - (magnitude >>> 23);
  // Below 2^-25 everything rounds to zero; 2^-25 itself is a tie and goes to even, which is zero too.
  if (24 < shift) return sign;
  return sign | roundedShift((magnitude & 0x7fffff) | 0x800000, shift);
}

/** value / 2^shift, rounded to the nearest integer, ties to even. */
function roundedShift(value: number, shift: number): number {
  const quotient = value >>> shift;
  const remainder = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  const roundsUp = half < remainder || (remainder === half && (quotient & 1) === 1);
  return roundsUp ? quotient + 1 : quotient;
}
