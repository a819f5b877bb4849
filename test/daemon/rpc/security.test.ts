/** The daemon's door, attacked: nothing gets in, nothing tells more than it must, nothing makes it fall. */
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { openClient } from "../../../daemon/rpc/client.ts";
import { requestChecks } from "../../../daemon/rpc/request-checks.ts";
import type { Discovery } from "../../../schemas/discovery.ts";
import { protocolVersion, type RequestName } from "../../../schemas/protocol.ts";
import { endDaemon, startTestDaemon, type TestDaemon } from "../../support/daemon.ts";

let folder: string;
let daemon: TestDaemon;
/** The token of an earlier start of the same daemon. */
let earlier: Discovery;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "loft-"));
  const first = await startTestDaemon(folder, ["--port", "0"]);
  earlier = first.discovery;
  await endDaemon(first);
  daemon = await startTestDaemon(folder, ["--port", "0"]);
});

afterAll(async () => {
  expect(daemon.process.exitCode, "the daemon is still there").toBeNull();
  await endDaemon(daemon);
  await rm(folder, { recursive: true, force: true });
});

type Head = Readonly<Record<string, string | readonly string[]>>;

const goodHead = (): Head => ({
  Host: `127.0.0.1:${port()}`,
  Authorization: `Bearer ${daemon.discovery.token}`,
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
});

describe("the door", () => {
  it("opens for a client with the token of this start", async () => {
    expect((await knock({})).status).toBe(101);
  });

  const token = () => daemon.discovery.token;
  it.each<
    [name: string, change: () => Readonly<Record<string, string | readonly string[] | undefined>>, status: number]
  >([
    ["no token", () => ({ Authorization: undefined }), 401],
    ["an empty token", () => ({ Authorization: "Bearer " }), 401],
    ["another token", () => ({ Authorization: `Bearer ${"0".repeat(64)}` }), 401],
    ["the token of an earlier start", () => ({ Authorization: `Bearer ${earlier.token}` }), 401],
    ["the token without its last digit", () => ({ Authorization: `Bearer ${token().slice(0, -1)}` }), 401],
    ["the token and more", () => ({ Authorization: `Bearer ${token()}0` }), 401],
    ["the token in capitals", () => ({ Authorization: `Bearer ${token().toUpperCase()}x` }), 401],
    ["another scheme", () => ({ Authorization: `Basic ${token()}` }), 401],
    ["two tokens", () => ({ Authorization: [`Bearer ${token()}`, `Bearer ${token()}`] }), 401],
    ["the token as a cookie", () => ({ Authorization: undefined, Cookie: `token=${token()}` }), 401],
    ["the token as a subprotocol", () => ({ Authorization: undefined, "Sec-WebSocket-Protocol": token() }), 401],
    ["a web page's origin", () => ({ Origin: "https://example.org" }), 403],
    ["a local page's origin", () => ({ Origin: "http://localhost:3000" }), 403],
    ["its own origin", () => ({ Origin: `http://127.0.0.1:${port()}` }), 403],
    ["the origin of a sandboxed frame", () => ({ Origin: "null" }), 403],
    ["a file's origin", () => ({ Origin: "file://" }), 403],
    ["an editor's webview", () => ({ Origin: "vscode-webview://abc" }), 403],
    ["an empty origin", () => ({ Origin: "" }), 403],
    ["a browser that hides its origin", () => ({ "Sec-Fetch-Site": "same-origin" }), 403],
    ["a name that points here", () => ({ Host: `evil.example:${port()}` }), 403],
    ["a name that ends like ours", () => ({ Host: `localhost.evil.example:${port()}` }), 403],
    ["another port", () => ({ Host: "127.0.0.1:1" }), 403],
    ["our name without the port", () => ({ Host: "localhost" }), 403],
    ["another loopback name", () => ({ Host: `0.0.0.0:${port()}` }), 403],
  ])("stays closed for %s", async (_, change, status) => {
    const answer = await knock(change());
    expect(answer).toEqual({ status, body: "" });
  });

  it.each(["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"])("knows no plain %s", async (method) => {
    const head = { ...goodHead(), Connection: "close" };
    delete (head as Record<string, unknown>).Upgrade;
    expect(await ask({ method, head })).toEqual({ status: 404, body: "" });
  });

  it("allows nothing across origins", async () => {
    const head = { Origin: "https://example.org", "Access-Control-Request-Method": "GET", Host: `127.0.0.1:${port()}` };
    const response = await new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port: port(), method: "OPTIONS", headers: head }, (answer) => {
        answer.resume();
        resolve(answer.headers);
      });
      sent.on("error", reject).end();
    });
    expect(Object.keys(response).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  it.each(["/anything", "/?token=x", "/../", "/daemon.json"])("has no path %s", async (path) => {
    expect(await ask({ method: "GET", head: goodHead(), path })).toEqual({ status: 404, body: "" });
  });

  it("hangs up on what is no HTTP", async () => {
    for (const text of [
      "hello\r\n\r\n",
      "\0\x01\x02\r\n\r\n",
      "CONNECT evil:80 HTTP/1.1\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
    ]) {
      const socket = connect(port(), "127.0.0.1");
      socket.end(text);
      const answer = await textOf(socket);
      expect(answer === "" || /^HTTP\/1\.1 4\d\d/.test(answer), answer).toBe(true);
      expect(answer.split("\r\n\r\n")[1] ?? "").toBe("");
    }
    await stillAnswers();
  });

  it("keeps its files to its user", async () => {
    for (const name of ["", "daemon.json", "daemon.log"]) {
      const { mode } = await stat(join(daemon.folder, name));
      expect(mode & 0o077, name).toBe(0);
    }
    expect(await readFile(join(daemon.folder, "daemon.log"), "utf8")).not.toContain(daemon.discovery.token);
  });
});

describe("an open connection", () => {
  it.each<[name: string, message: string | Buffer]>([
    ["no JSON", "{"],
    ["no object", "42"],
    ["a batch", '[{"jsonrpc":"2.0","id":1,"method":"loft/status"}]'],
    ["no version", '{"id":1,"method":"loft/status"}'],
    ["a number for a method", '{"jsonrpc":"2.0","id":1,"method":7}'],
    ["an object for an id", '{"jsonrpc":"2.0","id":{},"method":"loft/status"}'],
    ["a text for parameters", '{"jsonrpc":"2.0","id":1,"method":"loft/status","params":"x"}'],
    ["LSP's own framing", "Content-Length: 2\r\n\r\n{}"],
    ["a call that calls off nothing", '{"jsonrpc":"2.0","method":"$/cancelRequest"}'],
    ["a binary message", Buffer.from('{"jsonrpc":"2.0","id":1,"method":"loft/status"}')],
    ["a message of 17 MB", `{"jsonrpc":"2.0","id":1,"method":"loft/status","params":{"x":"${"x".repeat(17 << 20)}"}}`],
  ])("ends with %s", async (_, message) => {
    const socket = await openSocket();
    socket.send(message);
    const [code] = await once(socket, "close");
    expect([1002, 1003, 1006, 1007, 1009]).toContain(code);
    await stillAnswers();
  });

  it("ends with a flood", async () => {
    const socket = await openSocket();
    const closed = once(socket, "close");
    for (let id = 1; id <= 6_000; id += 1)
      socket.send(`{"jsonrpc":"2.0","id":${id},"method":"loft/status","params":{}}`);
    expect((await closed)[0]).toBe(1008);
    await stillAnswers();
  });

  it("answers what it does not know, and does not fall over odd answers", async () => {
    const socket = await openSocket();
    socket.send('{"jsonrpc":"2.0","id":"nobody asked","result":{}}');
    socket.send('{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}');
    socket.send('{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":99}}');
    socket.send('{"jsonrpc":"2.0","method":"no/such/notification","params":{}}');
    socket.send('{"jsonrpc":"2.0","id":1,"method":"constructor","params":{}}');
    expect(await answerOf(socket, 1)).toMatchObject({ error: { code: -32601 } });
    socket.send('{"jsonrpc":"2.0","id":2,"method":"loft/constructor","params":{}}');
    expect(await answerOf(socket, 2)).toMatchObject({ error: { code: -32601 } });
    socket.send('{"jsonrpc":"2.0","id":3,"method":"loft/status","params":{"__proto__":{"x":1}}}');
    expect(await answerOf(socket, 3)).toMatchObject({ result: { pid: daemon.process.pid } });
    socket.close();
  });

  it("limits requests that are under way", async () => {
    const socket = await openSocket();
    const places = Array.from({ length: 70 }, (_, id) => id + 1);
    const answers = Promise.all(places.map((id) => answerOf(socket, id)));
    // A worker process has to start for them: none is answered before all have arrived.
    const config = join(daemon.folder, "missing.loft.json");
    for (const id of places) socket.send(requestText(id, "loft/planText", { config }));
    const codes = (await answers).map(({ error }) => error?.data.code);
    expect(codes).toContain("daemon-busy");
    expect(new Set(codes)).toEqual(new Set(["daemon-busy", "config-missing"]));
    socket.close();
  });

  it("says which protocol it speaks", async () => {
    const client = await openClient(daemon.discovery);
    const hello = (version: number) => client.request("loft/hello", { version: "9.9.9", protocolVersion: version });
    await expect(hello(protocolVersion + 1)).rejects.toMatchObject({ code: "daemon-version" });
    await expect(hello(protocolVersion - 1)).rejects.toMatchObject({ code: "daemon-version" });
    expect(await hello(protocolVersion)).toMatchObject({ protocolVersion, pid: daemon.process.pid });
    client.close();
  });
});

describe("parameters", () => {
  const run = "0123456789abcdef";
  const file = "data/train/cat/000001.png";
  const good: { readonly [Name in RequestName]?: Readonly<Record<string, unknown>> } = {
    "loft/hello": { version: "1", protocolVersion },
    "loft/newConfig": { folder: "/photos" },
    "loft/planCost": { config: "/a.loft.json" },
    "loft/planText": { config: "/a.loft.json" },
    "loft/start": { config: "/a.loft.json", output: "/out" },
    "loft/evaluate": { config: "/a.loft.json", device: "cpu", reference: "real-s2", checkpointSeconds: 5 },
    "loft/cancel": { run },
    "loft/runs": { configs: ["/a.loft.json"] },
    "loft/openRun": { folder: "/run" },
    "loft/watch": { run, after: 3 },
    "loft/unwatch": { run },
    "loft/samples": { run, className: "cat", offset: 0, limit: 10 },
    "loft/manifestRow": { run, file },
    "loft/losses": { run },
    "loft/fuse": { run, className: "cat", adapters: [{ adapterId: "a".repeat(64), weight: 0.5 }], seed: 1 },
    "loft/replay": { run, file },
    "loft/curate": { run, file, verdict: "keep" },
    "loft/deleteRun": { run },
    "loft/shutdown": { drain: true },
  };
  const hostile: Readonly<Record<string, readonly unknown[]>> = {
    run: ["", "../../etc", "0123456789ABCDEF", `${run}0`, `${run}\n`, "..", 7, null, {}, [run], "%2e%2e", "con"],
    file: [
      "/etc/passwd",
      "../000001.png",
      "data/train/../000001.png",
      "data/train/./000001.png",
      "data/train/cat/../../../000001.png",
      "data\\train\\cat\\000001.png",
      "data/train/cat\\..\\x/000001.png",
      "data/train/cat/000001.png\0.txt",
      "data/train/cat/000001.png/../../../.loft/run.json",
      "data/train//000001.png",
      "C:/data/train/cat/000001.png",
      "//server/share/data/train/cat/000001.png",
      "data/train/cat/000001.png:stream",
      "photos/cat/000001.png",
      ".loft/run.json",
      "x".repeat(10_000),
      null,
      7,
      ["data/train/cat/000001.png"],
    ],
    config: [
      "relative.json",
      "../a.loft.json",
      "/etc/passwd",
      "//server/a.json",
      "\\\\server\\a.json",
      "/a\0.json",
      "",
      7,
      null,
    ],
    folder: ["relative", "..", "//server/share", "\\\\server\\share", "\\\\.\\pipe\\x", "/a\0b", "", 7, null, {}],
    device: ["", "CPU", "cpu;", "../cpu", "x".repeat(21), 7, null],
    checkpointSeconds: [-1, "5", null, 1e12],
    reference: [7, null, {}, "x".repeat(201), "a\0"],
    output: ["relative", "//server/share", "/a\0", 7, null],
    configs: ["/a.loft.json", ["relative.json"], Array.from({ length: 1_001 }, () => "/a.json"), [null]],
    offset: [-1, 0.5, Number.MAX_VALUE, "0", null],
    limit: [-1, 1_001, 1.5, "10", null],
    after: [-1, "0", 0.5, null],
    className: [7, null, "x".repeat(1_001), "a\0"],
    adapters: [
      "x",
      [{ adapterId: "../x", weight: 1 }],
      [{ adapterId: "a".repeat(63), weight: 1 }],
      [{ adapterId: "a".repeat(64), weight: "1" }],
      [{ adapterId: "a".repeat(64), weight: 1e9 }],
      Array.from({ length: 17 }, () => ({ adapterId: "a".repeat(64), weight: 1 })),
    ],
    seed: [-1, 1.5, "1", 2 ** 53],
    verdict: ["", "delete", 1, undefined],
    drain: ["yes", 1, null],
    protocolVersion: ["1", -1, 1.5, null],
    version: [7, "x".repeat(101)],
  };

  it("are checked in every request that has any", () => {
    const unlisted = Object.keys(requestChecks).filter((name) => good[name as RequestName] === undefined);
    expect(unlisted.sort()).toEqual(["loft/report", "loft/status"]);
  });

  const cases = Object.entries(good).flatMap(([name, params]) =>
    Object.keys(params).map((key) => [name as RequestName, key] as const),
  );
  it.each(cases)("of %s: %s", (name, key) => {
    const check = requestChecks[name] as (params: unknown, place: string) => unknown;
    expect(check(good[name], name)).toEqual(good[name]);
    for (const value of hostile[key] as readonly unknown[]) {
      expect(() => check({ ...good[name], [key]: value }, name), JSON.stringify(value)).toThrow(
        expect.objectContaining({ code: "request-invalid" }),
      );
    }
  });

  it.each(["params", null, [], 7].map((params) => [params]))("are an object, not %s", (params) => {
    expect(() => requestChecks["loft/watch"](params, "loft/watch")).toThrow(/must be an object/);
  });

  it("lose what nobody asked for", () => {
    expect(requestChecks["loft/watch"]({ run, extra: 1, constructor: 2 }, "loft/watch")).toEqual({ run });
  });

  it("never reach a file that the run does not have", async () => {
    const place = join(daemon.folder, "run");
    await mkdir(join(place, ".loft"), { recursive: true });
    await mkdir(join(place, "data", "train", "cat"), { recursive: true });
    const secret = join(daemon.folder, "secret.png");
    await writeFile(secret, "secret");
    await symlink(secret, join(place, "data", "train", "cat", "000001.png"));
    const client = await openClient(daemon.discovery);
    const { run: id } = await client.request("loft/openRun", { folder: place });
    for (const name of ["loft/manifestRow", "loft/replay"] as const) {
      await expect(client.request(name, { run: id, file })).rejects.toMatchObject({ code: "sample-unknown" });
    }
    // A journal that vouches for a link changes nothing.
    const line = JSON.stringify({ id: "x", file, bytes: 6, sha256: "x" });
    await writeFile(join(place, ".loft", "images.jsonl"), `${line}\n`);
    const { samples } = await client.request("loft/samples", { run: id, offset: 0, limit: 10 });
    expect(samples).toMatchObject([{ file, prompt: "", side: 0 }]);
    for (const name of ["loft/manifestRow", "loft/replay"] as const) {
      await expect(client.request(name, { run: id, file })).rejects.toMatchObject({ code: "sample-unknown" });
    }
    await expect(client.request("loft/curate", { run: id, file, verdict: "keep" })).rejects.toMatchObject({
      code: "sample-unknown",
    });
    for (const name of ["loft/watch", "loft/cancel", "loft/losses", "loft/deleteRun"] as const) {
      await expect(client.request(name, { run })).rejects.toMatchObject({ code: "run-unknown" });
    }
    await expect(client.request("loft/openRun", { folder: "/" })).rejects.toMatchObject({ code: "run-unknown" });
    client.close();
  });
});

describe("many connections", () => {
  it("are served up to a limit and refused beyond, and the daemon lives on", { timeout: 120_000 }, async () => {
    const sockets = await Promise.all(Array.from({ length: 1_000 }, () => openSocket().catch(() => undefined)));
    const open = sockets.filter((socket) => socket !== undefined);
    expect(open.length).toBeGreaterThan(50);
    expect(open.length).toBeLessThanOrEqual(200);
    const closed = Promise.all(open.map((socket) => once(socket, "close")));
    for (const socket of open) socket.close();
    await closed;
    await stillAnswers();
  });
});

function port(): number {
  const { endpoint } = daemon.discovery;
  return endpoint.kind === "tcp" ? endpoint.port : 0;
}

/** The answer to an upgrade whose head is changed. */
async function knock(change: Readonly<Record<string, string | readonly string[] | undefined>>) {
  const head = Object.fromEntries(
    Object.entries({ ...goodHead(), ...change }).filter(([, value]) => value !== undefined),
  );
  return ask({ method: "GET", head: head as Head });
}

/** Written by hand: Node's client would mend what is wrong. */
async function ask({
  method,
  head,
  path = "/",
}: {
  readonly method: string;
  readonly head: Head;
  readonly path?: string;
}) {
  const socket = connect(port(), "127.0.0.1");
  const lines = Object.entries(head).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}: ${value as string}`),
  );
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  const answer = await new Promise<string>((resolve, reject) => {
    let text = "";
    const finish = () => resolve(text);
    socket.on("data", (data) => {
      text += data.toString("latin1");
      // An accepted connection stays open.
      if (text.startsWith("HTTP/1.1 101")) finish();
    });
    socket.on("end", finish).on("error", reject);
  });
  socket.destroy();
  const [first = "", ...rest] = answer.split("\r\n\r\n");
  const status = Number(first.split(" ")[1]);
  return { status, body: status === 101 ? "" : rest.join("\r\n\r\n") };
}

async function textOf(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (data) => {
    text += data.toString("latin1");
  });
  socket.on("error", () => undefined);
  await once(socket, "close");
  return text;
}

async function openSocket(): Promise<WebSocket> {
  const { token } = daemon.discovery;
  const socket = new WebSocket(`ws://127.0.0.1:${port()}/`, { headers: { Authorization: `Bearer ${token}` } });
  await once(socket, "open");
  socket.on("error", () => undefined);
  return socket;
}

async function stillAnswers(): Promise<void> {
  const client = await openClient(daemon.discovery);
  expect(await client.request("loft/status", {})).toMatchObject({ pid: daemon.process.pid });
  client.close();
}

function requestText(id: number, method: RequestName, params: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

type Answer = { readonly id: unknown; readonly result?: unknown; readonly error?: { readonly data: { code: string } } };

function answerOf(socket: WebSocket, id: number): Promise<Answer> {
  return new Promise((resolve) => {
    const look = (data: unknown) => {
      const answer = JSON.parse(String(data)) as Answer;
      if (answer.id !== id) return;
      socket.off("message", look);
      resolve(answer);
    };
    socket.setMaxListeners(100).on("message", look);
  });
}
