/** The packed extension, installed in a clean workbench, does the main job with the bundled model. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { workbench as places } from "./prepare.mjs";
import { root } from "./support/root.ts";
import { inSession } from "./support/session.ts";

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const archive = join(root, "dist", `loft-${version}-linux-x64.vsix`);
const packed = join(root, "dist", "vsix");

describe("the packed extension", () => {
  beforeAll(() => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "package.mjs")], { encoding: "utf8" });
    if (status !== 0) throw new Error(`${stdout}${stderr}`);
  });

  it("is small where the editor waits for it, and native where only the daemon goes", () => {
    expect(statSync(join(packed, "dist", "extension.cjs")).size).toBeLessThan(300_000);
    const natives = readdirSync(packed, { recursive: true })
      .map(String)
      .filter((path) => /\.(node|so[.\d]*)$/.test(path));
    expect(natives.filter((path) => !path.startsWith("dist/node_modules/"))).toEqual([]);
    expect(natives.filter((path) => /darwin|win32|arm64/.test(path))).toEqual([]);
    expect(natives.length).toBeGreaterThan(2);
  });

  it("generates a dataset in a clean workbench", () =>
    inSession({ journey: "vsix", install: installArchive }, async ({ folder, open, shot }) => {
      const workbench = await open("shoes.loft.json");
      await workbench.ready();
      await workbench.command("LoFT: Generate Dataset");
      await workbench.notification(/shoes is finished: 8 images/).waitFor({ timeout: 180_000 });
      const panel = await workbench.webview("loft-samples");
      await expect.poll(() => panel.locator("loft-sample-grid img").count(), { timeout: 30_000 }).toBe(8);
      await shot(workbench, "finished");
      const images = readdirSync(join(folder.workspace, "runs", "shoes", "data", "train"), { recursive: true });
      expect(images.filter((name) => String(name).endsWith(".png"))).toHaveLength(8);
      expect(workbench.refused).toEqual([]);
    }));
});

/** Into an empty extensions folder. */
function installArchive(scratch: string): string {
  const extensions = join(scratch, "extensions");
  mkdirSync(extensions);
  const folders = ["--server-data-dir", join(scratch, "install-data"), "--extensions-dir", extensions];
  const args = [places.server, "--accept-server-license-terms", ...folders, "--install-extension", archive];
  const { status, stdout, stderr } = spawnSync(places.node, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
  return extensions;
}
