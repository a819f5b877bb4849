/** Requests: whom the token is told, which redirects are followed, and what failures are called. */
import { describe, expect, it } from "vitest";
import { authorization, type HubConnection, hubRequest, redirectTarget } from "../../../daemon/hub/hub-request.ts";
import { testConnection } from "../../support/add-model.ts";
import { answer, type HubServer, startHubServer } from "../../support/hub-server.ts";
import { loftErrorOf } from "../../support/loft-error.ts";

const token = "hf_secret";

describe("hubRequest", () => {
  it("tells the token to the endpoint, also after a redirect within it", async () => {
    const { server, ask } = await setUp();
    server.next("/a", answer(307, { location: "/b" }));
    expect(await ask("/a")).toBe("hello");
    expect(server.seen.map(({ path, authorization }) => [path, authorization])).toEqual([
      ["/a", `Bearer ${token}`],
      ["/b", `Bearer ${token}`],
    ]);
  });

  it("tells the token to nobody else", async () => {
    const { server, ask } = await setUp();
    const other = await startHubServer({});
    other.always("/", answer(200, {}, "elsewhere"));
    server.next("/a", answer(302, { location: `${other.url}/x` }));
    expect(await ask("/a")).toBe("elsewhere");
    expect(other.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it.each([401, 403, 404, 500])("keeps the token out of the error for status %d", async (status) => {
    const { server, ask } = await setUp();
    server.always("/a", answer(status));
    const error = await loftErrorOf(() => ask("/a"));
    expect(`${error.message}${error.stack}`).not.toContain(token);
  });

  it.each([
    [404, {}, undefined, "hub-not-found", /For a private repository, set HF_TOKEN/],
    [404, {}, token, "hub-not-found", /^Check the name and the revision\.$/],
    [401, { "x-error-code": "RepoNotFound" }, undefined, "hub-not-found", /private repository/],
    [401, {}, undefined, "hub-access-denied", /Set HF_TOKEN/],
    [401, {}, token, "hub-access-denied", /Check that HF_TOKEN is valid/],
    [403, { "x-error-code": "GatedRepo" }, token, "hub-access-denied", /Accept the model's terms/],
    [408, {}, token, "hub-failing", /later/],
    [429, {}, token, "hub-failing", /later/],
    [503, {}, token, "hub-failing", /later/],
    [400, {}, token, "hub-answer-invalid", /HF_ENDPOINT/],
  ] as const)("has advice for status %d %j with token %s", async (status, headers, given, code, fix) => {
    const { server, ask } = await setUp({ token: given });
    server.always("/a", answer(status, headers));
    expect((await loftErrorOf(() => ask("/a"), code)).fix).toMatch(fix);
  });

  it("asks for bytes as they are", async () => {
    const { server, ask } = await setUp();
    const encodings: unknown[] = [];
    server.always("/a", (request, response) => {
      encodings.push(request.headers["accept-encoding"]);
      response.end("x");
    });
    await ask("/a");
    expect(encodings).toEqual(["identity"]);
  });
});

describe("authorization", () => {
  it.each([
    ["https://huggingface.co", "https://huggingface.co/api/models/x", true],
    ["http://127.0.0.1:80", "http://127.0.0.1/x", true],
    ["http://localhost:8080/hub", "http://localhost:8080/x", true],
    ["http://[::1]:8080", "http://[::1]:8080/x", true],
    ["http://hub.example.org", "http://hub.example.org/x", false],
    ["https://huggingface.co", "http://huggingface.co/x", false],
    ["https://huggingface.co", "https://huggingface.co:8443/x", false],
    ["https://huggingface.co", "https://huggingface.co.example.org/x", false],
    ["http://127.0.0.1:80", "http://127.0.0.1:81/x", false],
  ])("of the endpoint %s for %s: %s", (endpoint, url, isTold) => {
    const expected = isTold ? { authorization: `Bearer ${token}` } : {};
    expect(authorization({ endpoint, token }, new URL(url))).toEqual(expected);
    expect(authorization({ endpoint, token: undefined }, new URL(url))).toEqual({});
  });
});

describe("redirectTarget", () => {
  it.each([
    ["https://a/b", "/c", "https://a/c"],
    ["https://a/b", "https://x/y?z", "https://x/y?z"],
    ["http://a/b", "https://a/b", "https://a/b"],
    ["http://a/b", "//x/y", "http://x/y"],
  ])("leads from %s by %s to %s", (from, location, target) => {
    expect(redirectTarget(new URL(from), location).href).toBe(target);
  });
  it.each(["http://a/b", "file:///etc/passwd", "data:text/plain,x", "ftp://a/b", "javascript:0", "https://", null])(
    "does not lead from https to %s",
    async (location) => {
      await loftErrorOf(() => redirectTarget(new URL("https://a/b"), location), "hub-answer-invalid");
    },
  );
});

async function setUp(changes: Partial<HubConnection> = {}) {
  const server: HubServer = await startHubServer({});
  server.always("/b", answer(200, {}, "hello"));
  server.always("/a", answer(200, {}, "hello"));
  const connection = testConnection(server, { token, ...changes });
  const ask = async (path: string) => {
    const pieces: Uint8Array[] = [];
    for await (const piece of (await hubRequest(connection, `${server.url}${path}`)).body) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  };
  return { server, ask };
}
