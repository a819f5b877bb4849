/** The rate of a transfer under a clock that the test turns. */
import { describe, expect, it } from "vitest";
import { transferRate } from "../../../daemon/hub/transfer-rate.ts";

describe("transferRate", () => {
  it("is unknown at first, then steady, then that of the last ten seconds", () => {
    const { rate, at } = clocked();
    expect(rate.bytesPerSecond()).toBeUndefined();
    at(0, 500);
    at(0.2, 520);
    expect(rate.bytesPerSecond()).toBeUndefined();
    for (let second = 1; second <= 20; second += 1) at(second, 500 + 100 * second);
    expect(rate.bytesPerSecond()).toBeCloseTo(100);
    for (let second = 21; second <= 32; second += 1) at(second, 2500 + 300 * (second - 20));
    expect(rate.bytesPerSecond()).toBeCloseTo(300);
  });

  it("falls when nothing comes", () => {
    const { rate, at } = clocked();
    at(0, 0);
    at(1, 1000);
    at(5, 1000);
    expect(rate.bytesPerSecond()).toBeCloseTo(200);
  });

  it("starts again when a file does", () => {
    const { rate, at } = clocked();
    at(0, 0);
    at(10, 1000);
    at(11, 100);
    expect(rate.bytesPerSecond()).toBeUndefined();
    at(12, 150);
    expect(rate.bytesPerSecond()).toBeCloseTo(50);
  });

  it("is not led astray by many small pieces", () => {
    const { rate, at } = clocked();
    for (let piece = 0; piece <= 100_000; piece += 1) at(piece / 5000, piece * 10);
    expect(rate.bytesPerSecond()).toBeCloseTo(50_000, -2);
  });
});

function clocked() {
  let now = 0;
  const rate = transferRate(() => now);
  const at = (seconds: number, bytes: number) => {
    now = seconds;
    rate.note(bytes);
  };
  return { rate, at };
}
