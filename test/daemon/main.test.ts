/** The daemon as a process: how fast it is there, that there is one, how it ends, and that it serves any LSP client. */
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { createProtocolConnection, StreamMessageReader, StreamMessageWriter } from "vscode-languageserver/node";
import { openClient } from "../../daemon/rpc/client.ts";
import { readDiscovery } from "../../daemon/rpc/endpoint.ts";
import { clientForTest, daemonForTest, endDaemon, spawnDaemon, startTestDaemon } from "../support/daemon.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("the daemon's process", () => {
  it("needs well under a second of computing to its first answer, and loads neither runtime nor image library", async () => {
    const daemon = await daemonForTest(await temporaryFolder());
    await clientForTest(daemon);
    const pid = daemon.process.pid as number;
    // Computing time, since other processes of the machine stretch the clock's; in ticks of 10 ms (proc(5)).
    const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
    expect((Number(fields[11]) + Number(fields[12])) * 10).toBeLessThan(800);
    expect(await readFile(`/proc/${pid}/maps`, "utf8")).not.toMatch(/onnxruntime|libvips|sharp/);
  });

  it("is found in a folder whose name has spaces, quotes, a colon and umlauts, and clears away what a kill left", async () => {
    const folder = join(await temporaryFolder(), `d "x" it's: größe %20`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, ".runs.json.1.loft-tmp"), "{");
    const daemon = await daemonForTest(folder);
    expect(daemon.discovery.endpoint.kind).toBe("socket");
    expect(await (await clientForTest(daemon)).request("loft/status", {})).toMatchObject({ pid: daemon.process.pid });
    expect((await readdir(folder)).filter((name) => name.endsWith(".loft-tmp"))).toEqual([]);
  });

  it("is one, however many start at once", { timeout: 300_000 }, async () => {
    const folder = await temporaryFolder();
    for (let round = 0; round < 50; round += 1) {
      const both = [spawnDaemon(folder), spawnDaemon(folder)];
      const codes = both.map((child) => new Promise((resolve) => child.once("exit", resolve)));
      const loser = await Promise.race(codes.map((code, index) => code.then((value) => ({ index, value }))));
      expect(loser.value, `round ${round}: the one that came second leaves quietly`).toBe(0);
      const winner = both[1 - loser.index];
      const found = await discoveryOf(folder, winner?.pid as number);
      const client = await openClient(found);
      expect(await client.request("loft/status", {})).toMatchObject({ pid: winner?.pid });
      // Every second winner is killed: its lock and its files must not stop the next one.
      if (round % 2 === 0) winner?.kill("SIGKILL");
      else await client.request("loft/shutdown", { drain: false });
      await codes[1 - loser.index];
      client.close();
    }
  });

  it("leaves when nobody needs it any more", async () => {
    const folder = await temporaryFolder();
    const daemon = await startTestDaemon(folder, ["--idle-seconds", "0.3"]);
    const client = await openClient(daemon.discovery);
    await client.request("loft/status", {});
    client.close();
    expect(await daemon.ended).toBe(0);
    expect(await readDiscovery(folder)).toBeUndefined();
    expect(await readdir(folder)).toEqual(["daemon.log"]);
  });

  it("leaves when it is told to, after its answer", async () => {
    const daemon = await daemonForTest(await temporaryFolder());
    const client = await clientForTest(daemon);
    expect(await client.request("loft/shutdown", { drain: true })).toBeNull();
    await client.closed;
    // Whoever hears the end may start another one at once.
    expect(await readdir(daemon.folder)).not.toContain("daemon.lock");
    expect(await daemon.ended).toBe(0);
  });

  it("listens on a port where the folder's path is too long for a socket", async () => {
    const folder = join(await temporaryFolder(), "x".repeat(100));
    const daemon = await daemonForTest(folder);
    expect(daemon.discovery.endpoint).toMatchObject({ kind: "tcp", host: "127.0.0.1" });
    await clientForTest(daemon);
  });

  it("listens on a socket of its user else", async () => {
    const daemon = await daemonForTest(await temporaryFolder());
    expect(daemon.discovery.endpoint.kind).toBe("socket");
    const { mode } = await stat(join(daemon.folder, "daemon.sock"));
    expect(mode & 0o077).toBe(0);
  });

  it.each([
    ["damaged", "{"],
    ["of nobody", '{"formatVersion":1}'],
    ["empty", ""],
  ])("starts beside a discovery file that is %s", async (_, text) => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "daemon.json"), text);
    await writeFile(join(folder, "runs.json"), text);
    await clientForTest(await daemonForTest(folder));
  });

  it("says what is wrong with an option", async () => {
    const child = spawnDaemon(await temporaryFolder(), ["--port", "many"]);
    let errors = "";
    child.stderr?.on("data", (text) => {
      errors += String(text);
    });
    expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(1);
    expect(errors).toContain("error[usage-invalid]: --port");
  });
});

describe("the daemon on standard streams", () => {
  it("serves one client by LSP, and our requests as well, and leaves with it", async () => {
    const folder = await temporaryFolder();
    const child = spawnDaemon(folder, ["--stdio"]);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    onTestFinished(() => endDaemon({ process: child, ended: ended as Promise<number> }));
    const connection = createProtocolConnection(
      new StreamMessageReader(child.stdout as NodeJS.ReadableStream),
      new StreamMessageWriter(child.stdin as NodeJS.WritableStream),
    );
    connection.listen();
    const initialized = await connection.sendRequest("initialize", {
      processId: null,
      rootUri: null,
      capabilities: {},
    });
    expect(initialized).toMatchObject({ capabilities: { hoverProvider: true } });
    await connection.sendNotification("initialized", {});
    expect(await connection.sendRequest("loft/status", {})).toMatchObject({ pid: child.pid, clients: 1 });
    const uri = "file:///somewhere/a.loft.json";
    const published = new Promise((resolve) => connection.onNotification("textDocument/publishDiagnostics", resolve));
    await connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId: "loft", version: 1, text: '{ "nmae": "x" }' },
    });
    expect(await published).toMatchObject({ uri });
    await connection.sendRequest("shutdown");
    await connection.sendNotification("exit");
    expect(await ended).toBe(0);
    expect(await readdir(folder)).not.toContain("daemon.json");
  });

  it("leaves when its client is gone without a word", async () => {
    const child = spawnDaemon(await temporaryFolder(), ["--stdio"]);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.stdin?.end();
    expect(await ended).toBe(0);
  });
});

async function discoveryOf(folder: string, pid: number) {
  for (;;) {
    const found = await readDiscovery(folder);
    if (found?.pid === pid) return found;
    await sleep(5);
  }
}
