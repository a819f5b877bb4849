/** Pictures that are kept as far as they fit. */
import { expect, it } from "vitest";
import { pictureStore } from "../../../daemon/jobs/picture-store.ts";

/** A store, and how often each key was made. */
function countingStore(mostBytes: number) {
  const store = pictureStore(mostBytes);
  const made: string[] = [];
  const get = (key: string) =>
    store.get(key, () => {
      made.push(key);
      return Promise.resolve({ width: 2, height: 2, rgb: Uint8Array.from({ length: 12 }, (_, at) => at) });
    });
  return { get, made };
}

it("makes a picture once", async () => {
  const { get, made } = countingStore(24);
  for (const key of ["a", "b", "a", "b", "a"]) await get(key);
  expect(made).toEqual(["a", "b"]);
});

it("keeps those that came first and makes the others anew, so that it never holds more than it may", async () => {
  const { get, made } = countingStore(35);
  for (const key of ["a", "b", "c", "a", "b", "c"]) await get(key);
  expect(made).toEqual(["a", "b", "c", "c"]);
});

it("keeps a picture that two ask for at once only once", async () => {
  const { get, made } = countingStore(24);
  await Promise.all([get("a"), get("a")]);
  await get("b");
  for (const key of ["a", "b"]) await get(key);
  expect(made).toEqual(["a", "a", "b"]);
});
