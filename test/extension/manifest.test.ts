/** What package.json promises the editor: texts, commands, files, and what happens in Restricted Mode. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { resultsViewType } from "../../webviews/results/protocol.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const manifestText = readFileSync(join(root, "package.json"), "utf8");
const manifest = JSON.parse(manifestText);
const texts: Record<string, string> = JSON.parse(readFileSync(join(root, "package.nls.json"), "utf8"));
const { contributes } = manifest;
const commands: readonly { command: string; category: string }[] = contributes.commands;

describe("texts", () => {
  const used = new Set([...manifestText.matchAll(/"%([\w.]+)%"/g)].map((match) => match[1] as string));

  it("has every text that is named, and names every text", () => {
    expect([...used].sort()).toEqual(Object.keys(texts).sort());
  });

  it("links only to commands that exist", () => {
    const linked = Object.values(texts).flatMap((text) => [...text.matchAll(/command:([\w.]+)/g)]);
    const own = linked.map((match) => match[1] as string).filter((name) => name.startsWith("loft."));
    expect(own.length).toBeGreaterThan(5);
    expect(own.filter((name) => !commands.some(({ command }) => command === name))).toEqual([]);
  });
});

describe("commands", () => {
  const table = readFileSync(join(root, "extension", "commands.ts"), "utf8");
  const registered = [...table.matchAll(/"(loft\.\w+)":/g)].map((match) => match[1]).sort();

  it("are contributed and registered alike", () => {
    expect(commands.map(({ command }) => command).sort()).toEqual(registered);
  });

  it("are all in the category LoFT and named loft.verbNoun", () => {
    expect(commands.filter(({ category }) => category !== "LoFT")).toEqual([]);
    expect(commands.filter(({ command }) => !/^loft\.[a-z]+([A-Z]\w*)$/.test(command))).toEqual([]);
  });

  it("stand in menus under ids that exist", () => {
    const menus: Record<string, readonly { command: string }[]> = contributes.menus;
    const named = Object.values(menus).flatMap((entries) => entries.map(({ command }) => command));
    expect(named.filter((name) => !registered.includes(name))).toEqual([]);
  });
});

describe("files", () => {
  it("exist where the manifest names them", () => {
    const named = [...manifestText.matchAll(/"(?:\.\/)?((?:extension|schemas)\/[\w./-]+)"/g)].map((match) => match[1]);
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((path) => !existsSync(join(root, path as string)))).toEqual([]);
  });

  it("keep what is loaded at activation under 300 kB", () => {
    expect(statSync(join(root, "dist", "extension.cjs")).size).toBeLessThan(300_000);
  });

  it("load the results editor with the first results", () => {
    const text = readFileSync(join(root, "dist", "extension.cjs"), "utf8");
    expect(text).toContain('require("./results.cjs")');
    expect(text).not.toContain("predictions.jsonl");
  });

  it("leave native packages out of the editor's bundles", () => {
    for (const bundle of ["extension.cjs", "connection.cjs", "results.cjs"]) {
      const text = readFileSync(join(root, "dist", bundle), "utf8");
      expect(text).not.toMatch(/require\("(onnxruntime-node|sharp)"\)/);
    }
  });
});

describe("results", () => {
  it("are shown as a table under the name that extension and page know", () => {
    const [{ viewType, selector, priority }] = contributes.customEditors;
    expect([viewType, selector, priority]).toEqual([
      resultsViewType,
      [{ filenamePattern: "*.loft-results.json" }],
      "default",
    ]);
    const files = readFileSync(join(root, "extension", "results-files.ts"), "utf8");
    expect(files).toContain(`resultsEditorType = "${resultsViewType}"`);
  });
});

describe("Restricted Mode", () => {
  const { untrustedWorkspaces } = manifest.capabilities;
  const settings: Record<string, { scope: string }> = Object.assign(
    {},
    ...contributes.configuration.map(({ properties }: { properties: object }) => properties),
  );

  it("keeps a folder's settings away from programs and devices", () => {
    expect(untrustedWorkspaces.supported).toBe("limited");
    const ofMachine = Object.entries(settings).filter(([, { scope }]) => scope.startsWith("machine"));
    expect(untrustedWorkspaces.restrictedConfigurations.toSorted()).toEqual(ofMachine.map(([name]) => name).sort());
  });

  it("offers no command that would start something", () => {
    const harmless = ["loft.showLog", "loft.copyDiagnosticReport", "loft.openResults"];
    const hidden = contributes.menus.commandPalette.map(({ command }: { command: string }) => command);
    const open = (commands as readonly { command: string; enablement?: string }[])
      .filter(({ command, enablement }) => enablement !== "isWorkspaceTrusted" && !hidden.includes(command))
      .map(({ command }) => command);
    expect(open.sort()).toEqual(harmless.sort());
  });

  it("shows no button that would start something", () => {
    const harmless = ["loft.showLog", "loft.openResults", "loft.showResultsAsText"];
    const { commandPalette: _palette, "view/item/context": _ofRuns, ...menus } = contributes.menus;
    const entries = Object.values<readonly { command: string; when: string }[]>(menus).flat();
    expect(entries.length).toBeGreaterThan(10);
    const open = entries.filter(
      ({ command, when }) => !harmless.includes(command) && !when.includes("isWorkspaceTrusted"),
    );
    expect(open).toEqual([]);
  });
});

it("gives every setting a scope and a text", () => {
  const groups: readonly { properties: Record<string, { scope?: string; markdownDescription?: string }> }[] =
    contributes.configuration;
  const settings = groups.flatMap(({ properties }) => Object.entries(properties));
  expect(settings.length).toBeGreaterThan(4);
  expect(settings.filter(([, { scope, markdownDescription }]) => !scope || !markdownDescription)).toEqual([]);
});

it("matches what the command line prints of a configuration's problems", () => {
  const { regexp } = contributes.problemMatchers[0].pattern;
  const [, ...parts] = new RegExp(regexp).exec('shoes.loft.json:4:15: warning: "steps" is small. Raise it.') ?? [];
  expect(parts).toEqual(["shoes.loft.json", "4", "15", "warning", '"steps" is small. Raise it.']);
  expect(new RegExp(regexp).exec("shoes.loft.json:2:3: Unknown field.")?.slice(4)).toEqual([
    undefined,
    "Unknown field.",
  ]);
});
