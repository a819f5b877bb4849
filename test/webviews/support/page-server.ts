/** Serves a built page, its pictures and fonts from one origin of this machine, as VS Code does from its own. */

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import sharp from "sharp";
import type { Sample } from "../../../schemas/protocol.ts";
import { photosFolder } from "./fake-run.ts";
import { type Theme, themeCss, themes } from "./themes.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const nonce = "dGVzdA";

export type PageServer = {
  /** The page in a theme. */
  readonly pageUrl: (theme: Theme) => string;
  /** What the host calls the run folder's address. */
  readonly base: string;
  /** Pictures asked for so far. */
  readonly pictures: () => number;
  readonly close: () => Promise<void>;
};

type Answer = { readonly type: string; readonly body: Buffer | string };

/** The folder of the page in webviews/. */
export type PageName = "samples" | "results";

export async function servePage(name: PageName = "samples"): Promise<PageServer> {
  const files = await builtFiles(name);
  const blends = new Map<string, Promise<Buffer>>();
  let pictures = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    if (url.pathname.endsWith(".png")) pictures += 1;
    const wanted = { name, path: decodeURIComponent(url.pathname), theme: url.searchParams.get("theme") };
    answer(wanted, files, blends).then(
      ({ type, body }) => response.writeHead(200, { "content-type": type }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    pageUrl: (theme) => `${origin}/?theme=${theme.name}`,
    base: `${origin}/run`,
    pictures: () => pictures,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Two photos mixed: what a fused sample may look like. */
export async function blend(first: string, second: string, weight: number): Promise<Buffer> {
  const [bottom, top] = await Promise.all([pixels(first), pixels(second)]);
  const mixed = bottom.data.map((value, i) => Math.round(value * weight + (top.data[i] as number) * (1 - weight)));
  const { width, height, channels } = bottom.info;
  return sharp(mixed, { raw: { width, height, channels } }).png().toBuffer();
}

/** Where the picture of a parent lies on disk. */
export function photoPath(photoFile: string): string {
  return join(photosFolder, ...photoFile.split("/").slice(1));
}

async function builtFiles(name: PageName): Promise<ReadonlyMap<string, Answer>> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { [name]: `webviews/${name}/main.ts` },
    outdir: "built",
    bundle: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    minify: true,
    write: false,
    tsconfig: "webviews/tsconfig.json",
  });
  const codicons = join(root, "node_modules", "@vscode", "codicons", "dist");
  const find = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? "";
  return new Map([
    [`/${name}.js`, { type: "text/javascript", body: find(".js") }],
    [`/${name}.css`, { type: "text/css", body: find(".css") }],
    ["/codicon.css", { type: "text/css", body: await readFile(join(codicons, "codicon.css")) }],
    ["/codicon.ttf", { type: "font/ttf", body: await readFile(join(codicons, "codicon.ttf")) }],
  ]);
}

async function answer(
  { name, path, theme }: { readonly name: PageName; readonly path: string; readonly theme: string | null },
  files: ReadonlyMap<string, Answer>,
  blends: Map<string, Promise<Buffer>>,
): Promise<Answer> {
  if (path === "/") {
    const shown = themes.find((each) => each.name === theme) ?? themes[0]!;
    return { type: "text/html", body: pageHtml(name, shown) };
  }
  if (path.startsWith("/run/photos/")) {
    return { type: "image/png", body: await readFile(photoPath(path.slice("/run/".length))) };
  }
  if (path.startsWith("/run/data/")) return { type: "image/png", body: await samplePicture(path, blends) };
  const file = files.get(path);
  if (file === undefined) throw new Error(`Nothing at ${path}`);
  return file;
}

/** Number n of a class shows the same pair as `fakeSample` says, from few distinct pictures. */
async function samplePicture(path: string, blends: Map<string, Promise<Buffer>>): Promise<Buffer> {
  const [, className = "", number = ""] = /\/([^/]+)\/(\d+)\.png$/.exec(path) ?? [];
  const { fakeRun, fakeSample } = await import("./fake-run.ts");
  const entry = fakeRun({ imagesPerClass: 0 }).classes.find((other) => other.className === className);
  if (entry === undefined) throw new Error(`No class ${className}`);
  const sample: Sample = fakeSample(entry, (Number(number) - 1) % 40);
  const key = `${className}/${sample.index}`;
  const [first, second] = sample.parents;
  const made =
    blends.get(key) ?? blend(photoPath(first!.photoFile), photoPath((second ?? first)!.photoFile), first!.weight);
  blends.set(key, made);
  return made;
}

function pixels(file: string) {
  return sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
}

/** The page as the extension makes it, with the styles that VS Code itself puts before it. */
function pageHtml(name: PageName, theme: Theme): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "font-src 'self'",
    "img-src 'self' blob: data:",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>LoFT ${name === "samples" ? "Samples" : "Results"}</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">
${themeCss(theme)}
@layer vscode-default {
  html { scrollbar-color: var(--vscode-scrollbarSlider-background) var(--vscode-editor-background); }
  body {
    padding: 0 20px; margin: 0; background-color: var(--vscode-editor-background); color: var(--vscode-editor-foreground);
    font-family: var(--vscode-font-family); font-weight: var(--vscode-font-weight); font-size: var(--vscode-font-size);
  }
}
</style>
<link rel="stylesheet" nonce="${nonce}" id="vscode-codicon-stylesheet" href="codicon.css">
<link rel="stylesheet" nonce="${nonce}" href="${name}.css">
<script type="module" nonce="${nonce}" src="${name}.js"></script>
</head>
<body class="${theme.bodyClass}"></body>
</html>`;
}
