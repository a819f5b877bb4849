/** Hashes of values: equal values give equal text, whatever the order of their members. */
import { expect, it } from "vitest";
import { canonicalJson, hashOf, hashWith } from "../../../daemon/base/hash.ts";

it("sorts keys at every depth and leaves undefined out", () => {
  const value = { b: [1, { d: null, c: "é" }], a: undefined, A: { y: true, x: 0.1 } };
  expect(canonicalJson(value)).toBe('{"A":{"x":0.1,"y":true},"b":[1,{"c":"é","d":null}]}');
});

it("hashes members in two parts as it does the whole", () => {
  const [shared, own] = [
    { m: { z: 1, a: [2] }, b: "x", left: undefined },
    { index: 3, a: null },
  ];
  const hash = hashWith(shared);
  expect(hash(own)).toBe(hashOf({ ...shared, ...own }));
  expect(hash({ index: 4, a: null })).not.toBe(hash(own));
  expect(hash(own)).toBe(hashOf({ ...own, ...shared }));
});
