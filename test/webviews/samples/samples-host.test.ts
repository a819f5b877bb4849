/** Requests and their answers, whatever the other side sends. */
import { describe, expect, it } from "vitest";
import { connectSamplesHost } from "../../../webviews/samples/samples-host.ts";
import type { Host } from "../../../webviews/shared/messenger.ts";
import { failureOf } from "../../../webviews/shared/requests.ts";

function connect() {
  const sent: unknown[] = [];
  let hear: (message: unknown) => void = () => {};
  let state: unknown;
  const host: Host = {
    postMessage: (message) => sent.push(message),
    getState: () => state,
    setState: (next) => {
      state = next;
    },
    listen: (receive) => {
      hear = receive;
    },
  };
  const samples = connectSamplesHost(host);
  const heard: unknown[] = [];
  samples.listen((message) => heard.push(message));
  return { samples, sent, heard, hear: (message: unknown) => hear(message), setState: host.setState };
}

const error = { code: "run-locked", what: "It is locked.", fix: "Wait." };

describe("requests", () => {
  it("are answered by id, in any order", async () => {
    const { samples, sent, hear } = connect();
    const losses = samples.request("losses", {});
    const replay = samples.request("replay", { file: "data/1.png" });
    expect(sent).toEqual([
      { type: "request", id: 1, name: "losses", params: {} },
      { type: "request", id: 2, name: "replay", params: { file: "data/1.png" } },
    ]);
    hear({ type: "response", id: 2, result: { same: true, differingValues: 0, largestDifference: 0 } });
    hear({ type: "response", id: 1, result: { curves: [] } });
    expect(await replay).toMatchObject({ same: true });
    expect(await losses).toEqual({ curves: [] });
  });

  it("fail in the other side's words", async () => {
    const { samples, hear } = connect();
    const cancel = samples.request("cancel", {});
    hear({ type: "failure", id: 1, error });
    expect(failureOf(await cancel.catch((reason) => reason))).toEqual(error);
  });

  it("fail when the answer makes no sense", async () => {
    const { samples, hear } = connect();
    const losses = samples.request("losses", {});
    hear({ type: "response", id: 1, result: { curves: "many" } });
    expect(failureOf(await losses.catch((reason) => reason)).code).toBe("answer-unreadable");
  });

  it("are not disturbed by answers to nothing", () => {
    const { hear, heard } = connect();
    hear({ type: "response", id: 9, result: null });
    hear({ type: "failure", id: 9, error });
    hear("noise");
    expect(heard).toEqual([]);
  });
});

describe("the kept state", () => {
  it("comes back only when it is one of ours", () => {
    const { samples, setState } = connect();
    const state = { run: "0123456789abcdef", tab: "pairs", verdict: "keep", thumbnail: 128 } as const;
    expect(samples.keptState()).toBeUndefined();
    samples.keepState(state);
    expect(samples.keptState()).toEqual(state);
    setState({ ...state, tab: "other" });
    expect(samples.keptState()).toBeUndefined();
  });
});
