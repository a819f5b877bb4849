/** The order of versions, which decides whose daemon stays. */
import { expect, it } from "vitest";
import { isOlder } from "../../extension/version-order.ts";

const cases = [
  { version: "0.1.0", other: "0.1.0", older: false },
  { version: "0.1.0", other: "0.1.1", older: true },
  { version: "0.9.9", other: "0.10.0", older: true },
  { version: "1.0.0", other: "0.99.99", older: false },
  { version: "2.0.0", other: "10.0.0", older: true },
  { version: "?", other: "0.0.1", older: true },
];

it.each(cases)("$version is older than $other: $older", ({ version, other, older }) => {
  expect(isOlder(version, other)).toBe(older);
});
