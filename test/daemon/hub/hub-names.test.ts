/** Names from users and servers: the sound ones pass, and no path leads out of its folder. */
import { posix, win32 } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isRepositoryName, isRevision, isSafePath } from "../../../daemon/hub/hub-names.ts";

describe("isRepositoryName", () => {
  it.each(["owner/name", "stable-diffusion-v1-5/stable-diffusion-v1-5", "A_b.c/d-e.f", "a/b"])("accepts %s", (name) => {
    expect(isRepositoryName(name)).toBe(true);
  });
  it.each([
    "name",
    "a/b/c",
    "/b",
    "a/",
    "../b",
    "a/..",
    "a--b/c",
    "a/b..c",
    "-a/b",
    "a/b-",
    "a b/c",
    "a/b.git",
    "a\\b/c",
    "",
  ])("refuses %j", (name) => {
    expect(isRepositoryName(name)).toBe(false);
  });
});

describe("isRevision", () => {
  it.each(["main", "v1.0", "refs/pr/1", "451f4fe16113bff5a5d2269ed5ad43b0592e9a14", "fp16"])("accepts %s", (name) => {
    expect(isRevision(name)).toBe(true);
  });
  it.each(["", "..", "a..b", "a//b", "/a", "a/", "a b", "a?b", "a#b", "-a", "x".repeat(201), "a@{1}"])(
    "refuses %j",
    (name) => {
      expect(isRevision(name)).toBe(false);
    },
  );
});

describe("isSafePath", () => {
  it.each(["a", "unet/config.json", "a/b/c.d", ".gitattributes", "a b/ü", "..a/b..", "..."])("accepts %j", (path) => {
    expect(isSafePath(path)).toBe(true);
  });
  it.each(["", ".", "..", "/a", "a/", "a//b", "a/../b", "a/./b", "a\\b", "c:a", "a\u0000", "a\nb", "\u007f"])(
    "refuses %j",
    (path) => {
      expect(isSafePath(path)).toBe(false);
    },
  );
  it("never accepts a path that leaves a folder, on any system", () => {
    const piece = fc.constantFrom("..", ".", "a", "", "/", "\\", "C:", "..\\", "\u0000", "b.c");
    const paths = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 6 }).map((parts) => parts.join("/")),
    );
    fc.assert(
      fc.property(paths, (path) => {
        if (!isSafePath(path)) return;
        expect(posix.resolve("/store/model", path).startsWith("/store/model/")).toBe(true);
        expect(win32.resolve("C:\\store\\model", path).startsWith("C:\\store\\model\\")).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
