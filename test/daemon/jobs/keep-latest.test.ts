/** One trainer or sampler at a time, each released once. */
import { beforeEach, expect, test } from "vitest";
import { keepLatest } from "../../../daemon/jobs/keep-latest.ts";

let log: string[];

beforeEach(() => {
  log = [];
});

/** Sizes above 9 cannot be made. */
async function create(rows: number) {
  if (9 < rows) throw new Error(`no room for ${rows}`);
  log.push(`make ${rows}`);
  const release = async () => {
    log.push(`release ${rows}`);
  };
  return { rows, release };
}

test("the same size is made once; another size takes its place", async () => {
  const kept = keepLatest(create);
  for (const rows of [4, 4, 2, 4]) expect((await kept.forRows(rows)).rows).toBe(rows);
  await kept.release();
  expect(log).toEqual(["make 4", "release 4", "make 2", "release 2", "make 4", "release 4"]);
});

test("a size that cannot be made leaves nothing to release a second time", async () => {
  const kept = keepLatest(create);
  await kept.forRows(4);
  await expect(kept.forRows(16)).rejects.toThrow("no room for 16");
  await kept.release();
  expect(log).toEqual(["make 4", "release 4"]);
});
