/** Where the pictures of an evaluation are said to lie: relative to the run folder, also of other methods. */
import { describe, expect, it } from "vitest";
import { picturePlaces } from "../../../daemon/jobs/evaluate-places.ts";

describe("the places of an evaluation's pictures", () => {
  it("are relative to the run folder", () => {
    const photos = [{ path: "cat/0.png", sha256: "a" }];
    const places = picturePlaces({
      root: "/p/runs/tiny",
      dataFolder: "/p/photos",
      testFolder: "/elsewhere/test",
      dataset: { classes: [{ className: "a cat", folder: "cat", outputFolder: "cat", photos }], warnings: [] },
      methods: [
        { method: "loft", root: "/p/runs/tiny" },
        { method: "class-prompt", root: "/p/runs/tiny/methods/class-prompt" },
      ],
    });
    expect(places).toEqual({
      formatVersion: 1,
      photos: "../../photos",
      test: "../../../elsewhere/test",
      classes: [{ name: "a cat", folder: "cat", photos: ["cat/0.png"] }],
      methods: [
        { method: "loft", folder: "" },
        { method: "class-prompt", folder: "methods/class-prompt" },
      ],
    });
  });
});
