/** Where photos and runs may lie. What else a job needs is tested by whole runs in test/integration/. */
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { requireSeparateFolders } from "../../../daemon/jobs/prepare-job.ts";

const check = (photos: string, run: string) => () => requireSeparateFolders(resolve(photos), resolve(run));

describe("the folder of photos and the run folder", () => {
  test.each([
    ["photos", "runs/a"],
    ["photos", "photos-run"],
    ["photos/..more", "photos"],
    ["project/pictures", "project"],
    ["runs/a/photos", "runs/b"],
  ])("%s and %s are fine", (photos, run) => {
    expect(check(photos, run)).not.toThrow();
  });

  test.each([
    ["photos", "photos", "is a part of"],
    ["photos", "photos/cat/run", "lies inside the folder of photos"],
    ["photos", "photos/..run", "lies inside the folder of photos"],
    ["runs/a/photos", "runs/a", "is a part of the run folder"],
    ["runs/a/data/train", "runs/a", "is a part of the run folder"],
    ["runs/a/.loft/set-aside", "runs/a", "is a part of the run folder"],
  ])("%s and %s are refused", (photos, run, text) => {
    expect(check(photos, run)).toThrow(expect.objectContaining({ code: "config-invalid" }));
    expect(check(photos, run)).toThrow(text);
  });
});
