/** Folder names that every file system takes. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { safeFolderName } from "../../../daemon/config/folder-name.ts";

test.each([
  ["cat", "cat"],
  ["tabby cat", "tabby cat"],
  ["T. Rex v1.5", "T. Rex v1.5"],
  ["猫 и кот é", "猫 и кот é"],
  ["e\u0301", "\u00e9"],
  ["👩‍🌾", "👩‍🌾"],
  ['a/b\\c:d*e?f"g<h>i|j\0k', "a_b_c_d_e_f_g_h_i_j_k"],
  [" .hidden. ", "hidden"],
  ["__pycache__", "pycache__"],
  ["con", "con-folder"],
  ["LPT1.txt", "LPT1-folder"],
  ["concert", "concert"],
  ["", "unnamed"],
])("%j becomes %j", (text, name) => expect(safeFolderName(text)).toBe(name));

test("long names are cut and stay different", () => {
  const [left, right] = [safeFolderName(`${"x".repeat(200)}a`), safeFolderName(`${"x".repeat(200)}b`)];
  expect(left).toMatch(/^x{71}-[0-9a-f]{8}$/);
  expect(left).not.toBe(right);
});

test("any text gives a name that is safe, short, and stays when named again", () => {
  const text = fc.string({ unit: "binary", maxLength: 120 });
  fc.assert(
    fc.property(text, (given) => {
      const name = safeFolderName(given);
      expect(name).not.toMatch(/[<>:"/\\|?*\p{Cc}\p{Cs}]|^[\s._]|[\s.]$|^$/u);
      expect(name.length).toBeLessThanOrEqual(80);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(240);
      expect(safeFolderName(name)).toBe(name);
    }),
    { numRuns: 400 },
  );
});
