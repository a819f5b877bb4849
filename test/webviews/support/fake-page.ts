/** A page in a browser with a play of VS Code's API before it: what it posts is heard, and messages can be sent to it. */
import type { Browser, BrowserContext, Page } from "playwright-core";

export type FakePageOptions = {
  readonly width?: number;
  readonly height?: number;
  readonly zoom?: number;
  /** Animations run; without it the page meets a person who asked for reduced motion. */
  readonly motion?: boolean;
};

export type FakePage = {
  readonly page: Page;
  /** Errors, refused loads and warnings of the content security policy. */
  readonly complaints: string[];
  readonly post: (message: unknown) => Promise<void>;
  /** Go to the page, with what it kept the last time. */
  readonly start: (url: string, hear: (message: unknown) => Promise<void>, kept: unknown) => Promise<void>;
  readonly keptState: () => Promise<unknown>;
};

export async function openFakePage(browser: Browser, options: FakePageOptions): Promise<FakePage> {
  const zoom = options.zoom ?? 1;
  const page = await (await contextOf(browser, zoom)).newPage();
  const [width, height] = [(options.width ?? 1100) / zoom, (options.height ?? 760) / zoom];
  await page.setViewportSize({ width: Math.round(width), height: Math.round(height) });
  await page.emulateMedia({ reducedMotion: options.motion === true ? "no-preference" : "reduce" });
  // A machine that does much else is slow, not wrong.
  page.setDefaultTimeout(90_000);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  return {
    page,
    complaints,
    post: (message) => post(page, message),
    start: async (url, hear, kept) => {
      await page.exposeFunction("loftPost", hear);
      await page.addInitScript(installApi, kept);
      await page.goto(url);
    },
    keptState: () => page.evaluate(() => (globalThis as unknown as { loftState: () => unknown }).loftState()),
  };
}

/** Pages share one, since a new one takes longer than a page, but for what a page cannot change: how dense it is. */
async function contextOf(browser: Browser, zoom: number): Promise<BrowserContext> {
  if (zoom !== 1) return browser.newContext({ deviceScaleFactor: zoom });
  return browser.contexts()[0] ?? (await browser.newContext({ deviceScaleFactor: 1 }));
}

/** As text: a large value takes the browser's protocol many seconds. */
async function post(page: Page, message: unknown): Promise<void> {
  await page.evaluate((sent) => {
    const world = globalThis as unknown as { postMessage: (message: unknown, to: string) => void; origin: string };
    world.postMessage(JSON.parse(sent), world.origin);
  }, JSON.stringify(message));
}

/** Runs in the page, before its own script. */
function installApi(kept: unknown): void {
  let state: unknown = kept;
  const world = globalThis as unknown as Record<string, unknown> & { loftPost: (message: unknown) => void };
  world.acquireVsCodeApi = () => ({
    postMessage: (message: unknown) => world.loftPost(message),
    getState: () => state,
    setState: (next: unknown) => {
      state = next;
    },
  });
  world.loftState = () => state;
}
