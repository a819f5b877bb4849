/** Random streams: numbers by name, each kind spread as it says. */
import { expect, it } from "vitest";
import { randomStream } from "../../../daemon/base/random.ts";

it("draws many uniform numbers at once, the same for the same name", () => {
  const numbers = randomStream("a", 1).uniforms(10_000);
  expect(randomStream("a", 1).uniforms(3)).toEqual(numbers.slice(0, 3));
  expect(randomStream("a", 2).uniforms(3)).not.toEqual(numbers.slice(0, 3));
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const share = numbers.filter((value) => Math.floor(value * 10) === tenth).length / numbers.length;
    expect(Math.abs(share - 0.1)).toBeLessThan(0.02);
  }
});
