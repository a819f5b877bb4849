/** Damaged copies of a good file, reproducible: each is named by a number. */
import { type Rng, randomStream } from "../../daemon/base/random.ts";

/** `bytes` with one to four damages: bits, bytes, pieces cut out, doubled, moved, numbers blown up, or the end lost. */
export function mutated(bytes: Uint8Array, number: number): Buffer {
  const rng = randomStream("mutation", number);
  let result = Buffer.from(bytes);
  for (let count = 1 + rng.integer(4); 0 < count; count -= 1) {
    if (result.length === 0) break;
    result = damages[rng.integer(damages.length)]!(result, rng);
  }
  return result;
}

type Damage = (bytes: Buffer<ArrayBuffer>, rng: Rng) => Buffer<ArrayBuffer>;

const damages: readonly Damage[] = [
  (bytes, rng) => withByte(bytes, rng, (byte) => byte ^ (1 << rng.integer(8))),
  (bytes, rng) => withByte(bytes, rng, () => rng.integer(256)),
  (bytes, rng) => bytes.subarray(0, rng.integer(bytes.length)),
  (bytes, rng) => replaced(bytes, piece(bytes, rng), Buffer.alloc(0)),
  (bytes, rng) => replaced(bytes, piece(bytes, rng), Buffer.alloc(1 + rng.integer(40), rng.integer(256))),
  (bytes, rng) => {
    const { start, end } = piece(bytes, rng);
    return replaced(bytes, { start, end: start }, bytes.subarray(start, end));
  },
  (bytes, rng) => replaced(bytes, piece(bytes, rng), Buffer.from(fragments[rng.integer(fragments.length)]!)),
  (bytes, rng) => otherNumber(bytes, rng),
];

/** What parsers trip over. */
const fragments = [
  ...["null", "true", "-1", "1e999", "-0", "0.5", "9007199254740993", "18446744073709551615", "NaN", "-Infinity"],
  ...["[", "]", "{", "}", '"', "\\", ":", ",", "[[[[[[[[", '{"a":{"a":{"a":', '""', "[]", "{}", "\u0000", "\ud800"],
  ...['"__proto__":', '"constructor":', '"__metadata__":', "../../", "\ufeff", "\r\n", "\xff\xfe"],
];

function withByte(bytes: Buffer<ArrayBuffer>, rng: Rng, change: (byte: number) => number): Buffer<ArrayBuffer> {
  const at = rng.integer(bytes.length);
  const result = Buffer.from(bytes);
  result[at] = change(bytes[at]!);
  return result;
}

/** A place near the start more often than not: that is where headers are. */
function piece(bytes: Buffer, rng: Rng): { readonly start: number; readonly end: number } {
  const reach = rng.integer(2) === 0 ? bytes.length : Math.min(bytes.length, 200);
  const start = rng.integer(reach);
  return { start, end: Math.min(bytes.length, start + 1 + rng.integer(30)) };
}

function replaced(
  bytes: Buffer<ArrayBuffer>,
  { start, end }: { readonly start: number; readonly end: number },
  middle: Uint8Array,
): Buffer<ArrayBuffer> {
  return Buffer.concat([bytes.subarray(0, start), middle, bytes.subarray(end)]);
}

/** Another number in place of one written in digits; where there is none, another byte. */
function otherNumber(bytes: Buffer<ArrayBuffer>, rng: Rng): Buffer<ArrayBuffer> {
  const numbers = [...bytes.subarray(0, 20_000).toString("latin1").matchAll(/\d+/g)];
  const found = numbers[rng.integer(Math.max(1, numbers.length))];
  if (found === undefined) return withByte(bytes, rng, () => rng.integer(256));
  const others = ["0", "1", "2", "-1", "3.5", "65536", "2147483648", "4294967296", "1000000000000", "1e308"];
  const place = { start: found.index, end: found.index + found[0].length };
  return replaced(bytes, place, Buffer.from(others[rng.integer(others.length)]!));
}
