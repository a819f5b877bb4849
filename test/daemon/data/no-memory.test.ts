/** A photo is not to blame for a decoder that gets no thread. Threads with stacks of 100 GB: none can be made. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { loftErrorOf } from "../../support/loft-error.ts";

// Read once, when libvips is loaded.
process.env.VIPS_MIN_STACK_SIZE = "100000g";
const { readFewShotFolder } = await import("../../../daemon/data/few-shot-folder.ts");
const { readPicture } = await import("../../../daemon/data/image-file.ts");

test("a folder of photos, and one of them", async () => {
  const folder = fileURLToPath(new URL("../../../examples/quick-start/train", import.meta.url));
  await loftErrorOf(() => readFewShotFolder(folder), "out-of-memory");
  const [name] = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    /\.(png|jpe?g|webp)$/.test(path),
  );
  const error = await loftErrorOf(() => readPicture(`${folder}/${name}`), "out-of-memory");
  expect(error.what).toContain("picture");
});
