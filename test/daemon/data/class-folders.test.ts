/** Folder names are safe, distinct and stable. */
import { array, assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { planClassFolders } from "../../../daemon/data/class-folders.ts";

describe("planClassFolders", () => {
  it.each([
    ["cat", "cat"],
    ["apple pie", "apple_pie"],
    ["Boeing 737-800", "Boeing_737-800"],
    ["über maß", "über_maß"],
    ["日本語", "日本語"],
    ["a.b", "a.b"],
    ["...hidden", "hidden"],
    ["__init__", "init"],
    ["ends.", "ends"],
    ["a/b\\c:d*e?f", "a_b_c_d_e_f"],
    ["../../etc", "etc"],
    ["con", "class_con"],
    ["NUL.txt", "class_NUL.txt"],
    ["cafe\u0301", "café"],
    ["line\nbreak", "line_break"],
  ])("%j becomes %j", (name, folder) => {
    expect(planClassFolders([name])).toEqual([{ name, folder }]);
  });

  it("tells apart what would be one folder, also on file systems that ignore case", () => {
    expect(planClassFolders(["a b", "a_b", "A b", "a_b-2"]).map(({ folder }) => folder)).toEqual([
      "a_b",
      "a_b-2",
      "A_b-3",
      "a_b-2-2",
    ]);
  });

  it("cuts long names, keeping them apart", () => {
    const [first, second] = planClassFolders([`${"x".repeat(200)}1`, `${"x".repeat(200)}2`]);
    expect(first!.folder).toMatch(/^x{71}-[0-9a-f]{8}$/);
    expect(second!.folder).not.toBe(first!.folder);
  });

  it("gives names that are valid everywhere, for any input", async () => {
    await assert(
      property(array(string({ unit: "binary", maxLength: 120 }), { maxLength: 6 }), (names) => {
        const folders = planClassFolders(names).map(({ folder }) => folder);
        expect(new Set(folders.map((folder) => folder.toLowerCase())).size).toBe(names.length);
        for (const folder of folders) {
          expect(folder).toMatch(/^[^._\s/\\<>:"|?*][^\s/\\<>:"|?*]*$/u);
          expect(folder).not.toMatch(/[.]$/);
          expect(Buffer.byteLength(folder)).toBeLessThanOrEqual(90);
        }
      }),
    );
  });
});
