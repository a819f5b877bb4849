/** A model's hash follows its contents only. */
import { createHash } from "node:crypto";
import { cp, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readModelFolder } from "../../../daemon/checkpoint/diffusers-folder.ts";
import { hashFile, hashModelFolder } from "../../../daemon/checkpoint/model-hash.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { referencePath } from "../../support/reference.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("hashModelFolder", () => {
  it("depends on contents and names, not on place, time or bystanders", async () => {
    const copy = join(await temporaryFolder(), "elsewhere");
    await cp(referencePath("mini-tiny"), copy, { recursive: true });
    await writeFile(join(copy, "README.md"), "a card");
    const original = await hashModelFolder(await readModelFolder(referencePath("mini-tiny")));
    expect(await hashModelFolder(await readModelFolder(copy))).toEqual(original);
    await writeFile(join(copy, "vae", "config.json"), `${await readFile(join(copy, "vae", "config.json"), "utf8")} `);
    const changed = await hashModelFolder(await readModelFolder(copy));
    expect(changed.hash).not.toBe(original.hash);
    const differing = Object.keys(original.files).filter((name) => original.files[name] !== changed.files[name]);
    expect(differing).toEqual(["vae/config.json"]);
  });

  it("is the SHA-256 of each file", async () => {
    const { files } = await hashModelFolder(await readModelFolder(referencePath("mini-tiny")));
    const name = "unet/diffusion_pytorch_model.safetensors";
    const bytes = await readFile(referencePath("mini-tiny", name));
    expect(files[name]).toBe(createHash("sha256").update(bytes).digest("hex"));
  });
});

describe("hashFile", () => {
  it("reads a file again only when size or time changed", async () => {
    const path = join(await temporaryFolder(), "weights");
    const cache = new Map<string, string>();
    const time = new Date(1_700_000_000_000);
    await writeFile(path, "one");
    await utimes(path, time, time);
    const first = await hashFile(path, cache);
    await writeFile(path, "two");
    await utimes(path, time, time);
    expect(await hashFile(path, cache)).toBe(first);
    expect(await hashFile(path)).not.toBe(first);
    await utimes(path, time, new Date(1_700_000_001_000));
    expect(await hashFile(path, cache)).toBe(await hashFile(path));
  });

  it("says when the file is gone", async () => {
    const path = join(await temporaryFolder(), "gone");
    expect((await loftErrorOf(() => hashFile(path), "file-vanished")).what).toContain("gone");
  });
});
