/** Pages in a browser with a play of VS Code's API before them: what they post is heard, and messages can be sent to them. */
import type { Browser, Page } from "playwright-core";

export type FakePageOptions = {
  readonly width?: number;
  readonly height?: number;
  readonly zoom?: number;
  /** Animations run; without it the page meets a person who asked for reduced motion. */
  readonly motion?: boolean;
  /** In a process that showed nothing before, with no other page beside it: for what memory it takes. */
  readonly isFresh?: boolean;
};

export type FakePage = {
  readonly page: Page;
  /** Errors, refused loads and warnings of the content security policy. */
  readonly complaints: string[];
  /** Heard by nobody once the page is closed. */
  readonly post: (message: unknown) => Promise<void>;
  /** Go to the page, with what it kept the last time. */
  readonly start: (url: string, hear: Hear, kept: unknown) => Promise<void>;
  readonly keptState: () => Promise<unknown>;
  readonly close: () => Promise<void>;
};

type Hear = (message: unknown) => Promise<void>;

/** What a page of the browser is used for now. */
type Visit = { hear: Hear | undefined; readonly complaints: string[] };

type KnownPage = { readonly page: Page; visit: Visit };

export type FakePages = { readonly open: (options: FakePageOptions) => Promise<FakePage> };

/** A page of the browser is kept for the next test, for a new one takes longer than what it shows. */
export function fakePages(browser: Browser): FakePages {
  const idle: KnownPage[] = [];
  const closeIdle = () => Promise.all(idle.splice(0).map(({ page }) => page.context().close()));
  return {
    open: async (options) => {
      const zoom = options.zoom ?? 1;
      if (options.isFresh === true) await closeIdle();
      // How dense it is cannot be changed.
      const known = (zoom === 1 ? idle.pop() : undefined) ?? (await newPage(browser, zoom));
      await prepare(known.page, options);
      return visitPage(known, async () => {
        if (zoom === 1 && !known.page.isClosed()) idle.push(known);
        else await known.page.context().close();
      });
    },
  };
}

async function newPage(browser: Browser, zoom: number): Promise<KnownPage> {
  const page = await (await browser.newContext({ deviceScaleFactor: zoom })).newPage();
  const known: KnownPage = { page, visit: { hear: undefined, complaints: [] } };
  page.on("pageerror", (error) => known.visit.complaints.push(String(error)));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) known.visit.complaints.push(message.text());
  });
  await page.exposeFunction("loftPost", (message: unknown) => known.visit.hear?.(message));
  await page.addInitScript(installApi);
  // A machine that does much else is slow, not wrong.
  page.setDefaultTimeout(90_000);
  return known;
}

async function prepare(page: Page, options: FakePageOptions): Promise<void> {
  const zoom = options.zoom ?? 1;
  const [width, height] = [(options.width ?? 1100) / zoom, (options.height ?? 760) / zoom];
  await page.setViewportSize({ width: Math.round(width), height: Math.round(height) });
  await page.emulateMedia({ reducedMotion: options.motion === true ? "no-preference" : "reduce" });
  await page.mouse.move(0, 0);
}

function visitPage(known: KnownPage, leave: () => Promise<void>): FakePage {
  const { page } = known;
  const visit: Visit = { hear: undefined, complaints: [] };
  known.visit = visit;
  return {
    page,
    complaints: visit.complaints,
    post: async (message) => {
      if (known.visit === visit) await post(page, message);
    },
    start: async (url, hear, kept) => {
      visit.hear = hear;
      const address = new URL(url);
      if (kept !== undefined) address.searchParams.set("kept", JSON.stringify(kept));
      await page.goto(address.href);
    },
    keptState: () => page.evaluate(() => (globalThis as unknown as { loftState: () => unknown }).loftState()),
    close: async () => {
      known.visit = { hear: undefined, complaints: [] };
      await leave();
    },
  };
}

/** As text: a large value takes the browser's protocol many seconds. */
async function post(page: Page, message: unknown): Promise<void> {
  await page.evaluate((sent) => {
    const world = globalThis as unknown as { postMessage: (message: unknown, to: string) => void; origin: string };
    world.postMessage(JSON.parse(sent), world.origin);
  }, JSON.stringify(message));
}

/** Runs in the page, before its own script. */
function installApi(): void {
  const world = globalThis as unknown as Record<string, unknown> & {
    loftPost: (message: unknown) => void;
    location: { search: string };
  };
  const kept = new URLSearchParams(world.location.search).get("kept");
  let state: unknown = kept === null ? undefined : JSON.parse(kept);
  world.acquireVsCodeApi = () => ({
    postMessage: (message: unknown) => world.loftPost(message),
    getState: () => state,
    setState: (next: unknown) => {
      state = next;
    },
  });
  world.loftState = () => state;
}
