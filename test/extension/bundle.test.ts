/** What the extension host loads: small, and without anything native. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const dist = fileURLToPath(new URL("../../dist", import.meta.url));

describe("the bundles of the extension host", () => {
  it.each([
    // Loaded when the window opens.
    ["extension.cjs", 60_000],
    // Loaded with the first configuration.
    ["connection.cjs", 300_000],
    // Loaded with the first results.
    ["results.cjs", 40_000],
  ])("%s is below %i bytes", async (name, limit) => {
    expect((await stat(join(dist, name))).size).toBeLessThan(limit);
  });

  it.each(["extension.cjs", "connection.cjs", "results.cjs"])(
    "%s asks for nothing but Node and the editor",
    async (name) => {
      const text = await readFile(join(dist, name), "utf8");
      const asked = [...text.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, path]) => path as string);
      // `ws` looks for two native helpers and does without them.
      const others = asked.filter(
        (path) => !/^(vscode|\.\/(connection|results)\.cjs|bufferutil|utf-8-validate)$/.test(path),
      );
      const { builtinModules } = await import("node:module");
      expect(others.filter((path) => !builtinModules.includes(path.replace(/^node:/, "")))).toEqual([]);
    },
  );
});
