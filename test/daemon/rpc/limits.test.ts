/** Clocks of the daemon: how often a client may ask, and how often it is told. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { knownRun } from "../../../daemon/jobs/known-run.ts";
import { createThrottle } from "../../../daemon/jobs/throttle.ts";
import { createRateLimit } from "../../../daemon/rpc/rate-limit.ts";
import { createWatches } from "../../../daemon/rpc/watches.ts";
import { daemonFolder } from "../../../schemas/discovery.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("a rate limit", () => {
  it("allows a burst, and then so many a second", () => {
    let time = 0;
    const limit = createRateLimit(3, 2, () => time);
    const taken = () => [limit.take(), limit.take(), limit.take(), limit.take()].filter(Boolean).length;
    expect(taken()).toBe(3);
    time += 999;
    expect(taken()).toBe(1);
    time += 60_000;
    expect(taken()).toBe(3);
  });
});

describe("a throttle", () => {
  it("acts at once, then seldom, and last of all once more", async () => {
    let calls = 0;
    const throttle = createThrottle(40, () => {
      calls += 1;
    });
    for (let asked = 0; asked < 20; asked += 1) throttle.ask();
    expect(calls).toBe(1);
    await sleep(120);
    expect(calls).toBe(2);
    throttle.ask();
    expect(calls).toBe(3);
  });
});

describe("watching a run", () => {
  it("tells ten training steps a second and everything else", async () => {
    const run = knownRun(await temporaryFolder(), undefined);
    const heard: string[] = [];
    let time = 0;
    const watches = createWatches(
      (_, news) => void heard.push("event" in news ? news.event.type : "plan"),
      () => time,
    );
    watches.watch(run, undefined);
    for (let step = 1; step <= 1_000; step += 1) {
      time += 2;
      run.stream.publish({
        type: "training-step",
        ...{ group: "g", step, steps: 1_000, losses: [1], gradNorms: [1], durationSeconds: 0.002 },
      });
      if (step % 100 === 0) run.stream.publish({ type: "warning", what: `${step}` });
    }
    watches.watch(run, run.stream.sequence());
    run.stream.publish({ type: "warning", what: "after watching anew" });
    watches.unwatch(run.id);
    run.stream.publish({ type: "warning", what: "nobody hears this" });
    expect(heard.filter((type) => type === "warning")).toHaveLength(11);
    expect(heard.filter((type) => type === "training-step")).toHaveLength(20);
    watches.stop();
  });
});

describe("the daemon's folder", () => {
  const linux = { home: "/h/ada", hostname: "lab 7/x", platform: "linux" };
  it.each([
    [{}, linux, "/h/ada/.local/state/loft/lab-7-x"],
    [{ XDG_STATE_HOME: "/state" }, linux, "/state/loft/lab-7-x"],
    [{ LOFT_DAEMON_DIR: "/own" }, linux, "/own"],
    [{ LOFT_DAEMON_DIR: " " }, { ...linux, hostname: "" }, "/h/ada/.local/state/loft/local"],
    [{}, { home: "/u/ada", hostname: "x", platform: "darwin" }, "/u/ada/Library/Application Support/loft/daemon"],
    [{ LOCALAPPDATA: "C:\\L" }, { home: "C:\\ada", hostname: "x", platform: "win32" }, "C:\\L\\loft\\daemon"],
  ])("with %j on %j is %s", (environment, machine, folder) => {
    expect(daemonFolder(environment, machine)).toBe(folder);
  });
});
