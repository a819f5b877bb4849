/** Chromium for the workbench; whatever it asks of the network outside of this machine is refused and noted. */
import { type Browser, chromium, type Page } from "playwright-core";
import { findChromium } from "../prepare.mjs";

export function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("Chromium is missing: node test/e2e/prepare.mjs says why.");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page with the addresses that it was refused. */
export type QuietPage = { readonly page: Page; readonly refused: readonly string[] };

export async function newPage(browser: Browser): Promise<QuietPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const refused: string[] = [];
  await context.route(
    ({ hostname, protocol }) => protocol.startsWith("http") && hostname !== "127.0.0.1",
    (route) => {
      refused.push(route.request().url());
      return route.abort();
    },
  );
  return { page: await context.newPage(), refused };
}
