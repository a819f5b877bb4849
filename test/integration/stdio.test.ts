/** The commands that docs/editors.md gives for other editors, started as written and asked by a plain client. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import type { CompletionList, Hover } from "vscode-languageserver";
import { daemonFolderVariable } from "../../schemas/discovery.ts";
import { initialize, type LanguageClient, languageClient } from "../support/language-client.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const page = readFileSync(join(root, "docs", "editors.md"), "utf8");

/** The command of each set-up, as lists of words with the project's own folder filled in. */
const commands: Readonly<Record<string, readonly string[]>> = {
  "the shell": wordsOf(/^node .*--stdio$/m, (line) => line.split(" ")),
  Neovim: wordsOf(/cmd = \{(.*)\}/, quotedWords),
  Helix: wordsOf(/command = "node"\nargs = \[.*\]/, (text) => quotedWords(text)),
};

describe("the server over standard input and output", () => {
  it.each(Object.entries(commands))("as %s starts it: diagnostics, completion, hover, and an end", async (_, words) => {
    expect(words.at(-1)).toBe("--stdio");
    const folder = await temporaryFolder();
    const { client, child } = start(words, folder);
    const result = (await initialize(client, {})) as { readonly capabilities: { readonly hoverProvider?: unknown } };
    expect(result.capabilities.hoverProvider).toBe(true);

    await mkdir(join(folder, "photos"));
    await writeFile(join(folder, "photos", "a.png"), Buffer.from("89504e470d0a1a0a", "hex"));
    const textDocument = { uri: pathToFileURL(join(folder, "x.loft.json")).href };
    await client.open(textDocument.uri, '{ "data": { "folder": "photos" }, "sed": 1 }\n');
    const published = await client.diagnostics(({ diagnostics }) => diagnostics.length === 2);
    expect(published.diagnostics.map(({ code }) => code)).toEqual(["data-folder-layout", "unknown-key"]);

    const position = { line: 0, character: 15 };
    const hover = await client.request<Hover>("textDocument/hover", { textDocument, position });
    expect(JSON.stringify(hover.contents)).toContain("Folder of photos");
    const inside = { textDocument, position: { line: 0, character: 23 } };
    const list = await client.request<CompletionList>("textDocument/completion", inside);
    expect(list.items.map(({ label }) => label)).toContain("photos/");

    await client.request("shutdown", undefined);
    await client.notify("exit", undefined);
    expect(await endOf(child)).toBe(0);
  });

  it("ends when its client is gone without a word", async () => {
    const { client, child } = start(commands["the shell"] ?? [], await temporaryFolder());
    await initialize(client, {});
    child.stdin?.end();
    expect(await endOf(child)).toBe(0);
  });
});

function wordsOf(pattern: RegExp, split: (text: string) => readonly string[]): readonly string[] {
  const found = pattern.exec(page)?.[0] ?? "";
  return split(found).map((word) => word.replace("/path/to/loft", root));
}

function quotedWords(text: string): readonly string[] {
  return [...text.matchAll(/["']([^"']*)["']/g)].map((match) => match[1] as string);
}

function start(
  words: readonly string[],
  folder: string,
): { readonly client: LanguageClient; readonly child: ChildProcess } {
  const [program, ...args] = words as [string, ...string[]];
  const child = spawn(program === "node" ? process.execPath : program, args, {
    cwd: folder,
    env: { ...process.env, [daemonFolderVariable]: join(folder, "daemon") },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const client = languageClient(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin), () => {
    child.kill("SIGKILL");
  });
  onTestFinished(() => client.close());
  return { client, child };
}

function endOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("exit", resolve));
}
