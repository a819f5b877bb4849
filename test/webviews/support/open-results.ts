/** What tests of the results page begin with: a browser and a server for all of them, and a way to open the page in it. */
import { mkdir, writeFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll } from "vitest";
import { launchBrowser } from "./browser.ts";
import { type FakePages, fakePages } from "./fake-page.ts";
import type { FakeResults } from "./fake-results.ts";
import { type FakeResultsHost, type FakeResultsHostOptions, openResultsPage } from "./fake-results-host.ts";
import { artefacts } from "./inspect.ts";
import { type PageServer, servePage } from "./page-server.ts";
import { type Theme, themes } from "./themes.ts";

type OpenResults = (shown: FakeResults, options?: Partial<FakeResultsHostOptions>) => Promise<FakeResultsHost>;

/**
 * Call it inside `describe`. Pages that a test opens are closed after it.
 * @param program the browser's; undefined where the tests are skipped
 */
export function openResults(program: string | undefined): OpenResults {
  let browser: Browser;
  let pages: FakePages;
  let server: PageServer;
  const opened: FakeResultsHost[] = [];

  beforeAll(async () => {
    await mkdir(artefacts, { recursive: true });
    await writeFile(`${artefacts}.gitignore`, "*\n");
    [browser, server] = await Promise.all([launchBrowser(program as string), servePage("results")]);
    pages = fakePages(browser);
  });

  afterAll(async () => {
    await Promise.all([browser?.close(), server?.close()]);
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((host) => host.close()));
  });

  return async (shown, options = {}) => {
    const host = await openResultsPage(pages, server, shown, { theme: themes[0] as Theme, ...options });
    opened.push(host);
    // Without results there is a heading, too, but nothing to choose from.
    if (options.first?.type !== "unreadable") await host.page.getByRole("tablist").waitFor();
    return host;
  };
}
