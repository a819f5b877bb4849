/** A run that is cancelled and resumed, watched over a reload, from two windows, and that loses its daemon. */
import { expect, it } from "vitest";
import { longConfig } from "../support/run-folder.ts";
import { inSession, type Session } from "../support/session.ts";
import { daemonProcess, isAlive, killDaemon } from "../support/stop-daemon.ts";
import type { Workbench } from "../support/workbench.ts";

const patience = { timeout: 120_000 };

it("a cancelled run is interrupted, and goes on when it is resumed", () =>
  inSession({ journey: "cancel-and-resume", config: longConfig }, async (session) => {
    const workbench = await startRun(session);
    await workbench.command("LoFT: Cancel");
    await workbench.showRuns();
    await workbench.runs.filter({ hasText: "interrupted at" }).waitFor(patience);
    await session.shot(workbench, "1-interrupted");
    // Whoever cancels a run needs no word of it.
    expect(await workbench.notification(/broke off/).count()).toBe(0);
    await workbench.command("LoFT: Resume Run");
    await workbench.runs
      .filter({ hasText: /left|%/ })
      .filter({ hasNotText: "interrupted" })
      .waitFor(patience);
    await workbench.status.filter({ hasText: /%/ }).waitFor(patience);
    await session.shot(workbench, "2-resumed");
  }));

it("a run goes on while the window reloads, and its panel comes back", () =>
  inSession({ journey: "reload", config: longConfig }, async (session) => {
    const workbench = await startRun(session);
    const daemon = daemonProcess(session.folder.daemonFolder);
    await workbench.webview("loft-samples");
    await workbench.reload();
    await workbench.status.filter({ hasText: /%/ }).waitFor({ timeout: 200_000 });
    const panel = await workbench.webview("loft-samples");
    await panel.getByText("shoes").first().waitFor(patience);
    await session.shot(workbench, "after");
    expect(daemonProcess(session.folder.daemonFolder)).toBe(daemon);
  }));

it("two windows share one daemon and see the same run", () =>
  inSession({ journey: "two-windows", config: longConfig }, async (session) => {
    const first = await startRun(session);
    const daemon = daemonProcess(session.folder.daemonFolder);
    const second = await session.open("shoes.loft.json");
    await second.status.filter({ hasText: /%/ }).waitFor({ timeout: 200_000 });
    expect(daemonProcess(session.folder.daemonFolder)).toBe(daemon);
    await second.command("LoFT: Cancel");
    await first.showRuns();
    await first.runs.filter({ hasText: "interrupted at" }).waitFor(patience);
    await session.shot(first, "first");
    await session.shot(second, "second");
  }));

it("a killed daemon is started again, and its run is offered", () =>
  inSession({ journey: "daemon-killed", config: longConfig }, async (session) => {
    const workbench = await startRun(session);
    await workbench.showRuns();
    const killed = killDaemon(session.folder.daemonFolder);
    await expect.poll(() => daemonProcess(session.folder.daemonFolder) ?? killed, patience).not.toBe(killed);
    expect(isAlive(killed)).toBe(false);
    const offer = workbench.notification(/shoes broke off/);
    await offer.waitFor(patience);
    await workbench.runs.filter({ hasText: "interrupted at" }).waitFor(patience);
    // It goes away by itself: no time for three themes.
    await workbench.screenshot("daemon-killed", "dark-offered");
    await offer.getByRole("button", { name: "Resume" }).click();
    await workbench.status.filter({ hasText: /%/ }).waitFor(patience);
    await session.shot(workbench, "resumed");
  }));

/** A window in which a long run has begun to train. */
async function startRun({ open }: Session): Promise<Workbench> {
  const workbench = await open("shoes.loft.json");
  await workbench.ready();
  await workbench.command("LoFT: Generate Dataset");
  await workbench.status.filter({ hasText: /[1-9]\d* %/ }).waitFor({ timeout: 200_000 });
  return workbench;
}
