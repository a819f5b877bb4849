/** The workbench's server as a process of its own group, with its data in a folder of the test. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { daemonFolderVariable } from "../../../schemas/discovery.ts";
import { workbench } from "../prepare.mjs";
import { root } from "./root.ts";
import type { RunFolder } from "./run-folder.ts";
import { followSystem } from "./themes.ts";

export type Server = {
  readonly port: number;
  readonly url: string;
  /** The server's log, for failures. */
  readonly log: string;
  /** Takes the extension host with it, not the daemon. */
  stop(): Promise<void>;
};

export type ServerOptions = {
  /** In-host tests need it; dialogs and notifications are not shown then. */
  readonly inHost?: boolean;
  /** Off: the workbench asks whether the folder is trusted. */
  readonly trusted?: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Extensions other than the one of this tree: a folder that the server may change. */
  readonly extensionsFolder?: string;
  readonly environment?: Readonly<Record<string, string>>;
};

/** Nothing that moves, phones home or asks. */
const quietSettings = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "telemetry.telemetryLevel": "off",
  "extensions.autoUpdate": "off",
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "git.enabled": false,
  "github.gitAuthentication": false,
  "workbench.enableExperiments": false,
  "workbench.reduceMotion": "on",
  "editor.cursorBlinking": "solid",
  "editor.smoothScrolling": false,
  "editor.hover.delay": 50,
  "editor.minimap.enabled": false,
  "workbench.editor.enablePreview": false,
  "workbench.layoutControl.enabled": false,
  "npm.autoDetect": "off",
  "json.schemaDownload.enable": false,
  "typescript.disableAutomaticTypeAcquisition": true,
  "files.simpleDialog.enable": true,
  "files.autoSave": "off",
};

export async function startServer(folder: RunFolder, options: ServerOptions = {}): Promise<Server> {
  const place = join(folder.scratch, `server-${Date.now()}`);
  const data = join(place, "data");
  mkdirSync(join(data, "data", "User"), { recursive: true });
  const settings = { ...quietSettings, ...followSystem, ...options.settings };
  writeFileSync(join(data, "data", "User", "settings.json"), JSON.stringify(settings, undefined, 2));
  const extensions = options.extensionsFolder ?? linkExtension(place);
  const port = await freePort();
  const log = join(place, "server.log");
  const child = spawnServer({ folder, place, data, extensions, port, log }, options);
  const url = `http://127.0.0.1:${port}`;
  await answering(url, child, log);
  return { port, url, log, stop: () => stop(child) };
}

/** The extension as it is in this tree; with in-host tests it comes through the page's address instead. */
function linkExtension(place: string): string {
  const folder = join(place, "extensions");
  mkdirSync(folder);
  symlinkSync(root, join(folder, "loft.loft-0.1.0"));
  return folder;
}

type Places = {
  readonly folder: RunFolder;
  readonly place: string;
  readonly data: string;
  readonly extensions: string;
  readonly port: number;
  readonly log: string;
};

function spawnServer({ folder, place, data, extensions, port, log }: Places, options: ServerOptions): ChildProcess {
  const output = openSync(log, "a");
  const inHost = options.inHost === true ? ["--enable-smoke-test-driver"] : [];
  const trust = options.trusted === false ? [] : ["--disable-workspace-trust"];
  const args = [
    ...["--host", "127.0.0.1", "--port", String(port), "--without-connection-token", "--accept-server-license-terms"],
    ...["--server-data-dir", data, "--extensions-dir", extensions, "--default-folder", folder.workspace],
    ...["--telemetry-level", "off", "--disable-experiments", "--reconnection-grace-time", "1", ...trust, ...inHost],
  ];
  const child = spawn(workbench.node, [workbench.server, ...args], {
    detached: true,
    stdio: ["ignore", output, output],
    env: {
      ...process.env,
      TMPDIR: place,
      EXTENSIONS_GALLERY: "{}",
      [daemonFolderVariable]: folder.daemonFolder,
      ...options.environment,
    },
  });
  closeSync(output);
  // When the tests end before the test does, it must not stay.
  process.once("exit", () => void stop(child));
  return child;
}

async function answering(url: string, child: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`The workbench's server ended with code ${child.exitCode}: ${log}`);
    const isUp = await fetch(`${url}/version`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return;
    await sleep(50);
  }
  throw new Error(`The workbench's server does not answer: ${log}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGKILL");
  await ended;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") return reject(new Error("no port"));
      server.close(() => resolve(address.port));
    });
  });
}
