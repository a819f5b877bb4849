/**
 * The workbench in a browser page, as a user works with it. The only file that knows how VS Code names its parts; seen
 * to work with 1.139.
 */
import { basename } from "node:path";
import type { Browser, FrameLocator, Locator, Page } from "playwright-core";
import { artefact } from "./artefacts.ts";
import { newPage } from "./browser.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Server } from "./server.ts";
import { systemOf, type Theme } from "./themes.ts";

/** What a theme is called on the workbench's and on a webview's body. */
const themeClasses: Readonly<Record<Theme, { readonly workbench: string; readonly page: string }>> = {
  dark: { workbench: "vs-dark", page: "vscode-dark" },
  light: { workbench: "vs", page: "vscode-light" },
  "high-contrast": { workbench: "hc-black", page: "vscode-high-contrast" },
};

/** The first drawing waits for everything; a busy machine takes its time. */
const longest = 200_000;

export class Workbench {
  readonly page: Page;
  /** Addresses outside of this machine that something asked for. */
  readonly refused: readonly string[];

  private constructor(page: Page, refused: readonly string[]) {
    this.page = page;
    this.refused = refused;
  }

  /**
   * Open the workbench in a window of its own.
   * @param file opened at once, by its path in the workspace
   */
  static async open(browser: Browser, server: Server, folder: RunFolder, file?: string): Promise<Workbench> {
    const { page, refused } = await newPage(browser);
    await page.emulateMedia(systemOf.dark);
    page.setDefaultTimeout(60_000);
    const query = new URLSearchParams({ folder: folder.workspace });
    if (file !== undefined) {
      const uri = `vscode-remote://127.0.0.1:${server.port}${folder.workspace}/${file}`;
      query.set("payload", JSON.stringify([["openFile", uri]]));
    }
    await page.goto(`${server.url}/?${query}`, { timeout: longest });
    const workbench = new Workbench(page, refused);
    await page.locator(".monaco-workbench").waitFor({ timeout: longest });
    if (file !== undefined) await workbench.tab(basename(file)).waitFor({ timeout: longest });
    return workbench;
  }

  /** Load the window again. A file that the address names would keep the workbench from opening what was open before. */
  async reload(): Promise<void> {
    const address = new URL(this.page.url());
    address.searchParams.delete("payload");
    await this.page.goto(address.href, { timeout: longest });
    await this.page.locator(".monaco-workbench").waitFor({ timeout: longest });
  }

  tab(name: string): Locator {
    return this.page.locator(`.tab[data-resource-name="${name}"]`);
  }

  /** LoFT's item in the status bar. */
  get status(): Locator {
    return this.page.locator('[id="loft.loft.status"]');
  }

  /** Connected: the item says neither that it is on its way nor that it failed. */
  async ready(): Promise<void> {
    await this.status.locator(".codicon-combine, .codicon-loading").waitFor({ timeout: longest });
  }

  /** Run a command by its title. The list shows it once the workbench knows that it is possible. */
  async command(title: string): Promise<void> {
    const { page } = this;
    const input = page.locator(".quick-input-widget input[type=text]");
    const row = page.locator(".quick-input-list .monaco-list-row").filter({ hasText: title }).first();
    const end = Date.now() + longest;
    for (;;) {
      await page.keyboard.press("F1");
      await input.fill(`>${title}`);
      const isThere = await row.waitFor({ timeout: 5_000 }).then(
        () => true,
        () => false,
      );
      if (isThere || end < Date.now()) break;
      await page.keyboard.press("Escape");
    }
    await row.click();
  }

  /** Open a file of the workspace by its name, as the editor for it opens. */
  async quickOpen(name: string): Promise<void> {
    const { page } = this;
    const row = page.locator(".quick-input-list .monaco-list-row").filter({ hasText: name }).first();
    await page.keyboard.press("Control+p");
    await page.locator(".quick-input-widget input[type=text]").fill(name);
    await row.waitFor({ timeout: longest });
    await row.click();
  }

  /** Choose a row of the list that is open. */
  async pick(text: string | RegExp): Promise<void> {
    await this.page.locator(".quick-input-list .monaco-list-row").filter({ hasText: text }).first().click();
  }

  /** Put the cursor at a line and column of the active editor. */
  async goTo(line: number, column: number): Promise<void> {
    const { page } = this;
    await page.keyboard.press("Control+g");
    const input = page.locator(".quick-input-widget input[type=text]");
    await input.fill(`:${line}:${column}`);
    await page.keyboard.press("Enter");
    const place = page.locator('[id="status.editor.selection"]', { hasText: `Ln ${line}, Col ${column}` });
    await place.waitFor();
  }

  get squiggles(): Locator {
    return this.page.locator(".editor-instance .monaco-editor .squiggly-error, .editor-instance .squiggly-warning");
  }

  get suggestions(): Locator {
    return this.page.locator(".suggest-widget.visible .monaco-list-row");
  }

  get hover(): Locator {
    return this.page.locator(".monaco-hover:not(.hidden)");
  }

  /** A word in the editor. */
  word(text: string): Locator {
    return this.page.locator(".view-line").getByText(text, { exact: false }).first();
  }

  /** A code lens or inlay text by its words. */
  lens(text: string | RegExp): Locator {
    return this.page.locator(".codelens-decoration").filter({ hasText: text });
  }

  notification(text: string | RegExp): Locator {
    return this.page.locator(".notifications-toasts .notification-list-item").filter({ hasText: text });
  }

  /** Open LoFT's view in the side bar. */
  async showRuns(): Promise<void> {
    await this.page
      .locator(".activitybar .action-item")
      .filter({ has: this.page.getByLabel("LoFT") })
      .first()
      .click();
    await this.page.locator(".part.sidebar .composite.title").filter({ hasText: /LoFT/i }).waitFor();
  }

  /** Rows of the Runs view. */
  get runs(): Locator {
    return this.page.locator(".part.sidebar .customview-tree .monaco-list-row");
  }

  /** The visible webview that holds something. */
  async webview(inside: string, timeout = longest): Promise<FrameLocator> {
    const end = Date.now() + timeout;
    const frames = this.page.locator("iframe.webview.ready").filter({ visible: true });
    for (;;) {
      for (let index = 0; index < (await frames.count()); index += 1) {
        const frame = frames.nth(index).contentFrame().locator("iframe#active-frame").contentFrame();
        const found = await frame
          .locator(inside)
          .count()
          .catch(() => 0);
        if (0 < found) return frame;
      }
      if (end < Date.now()) throw new Error(`No visible webview holds ${inside}.`);
      await this.page.waitForTimeout(50);
    }
  }

  /** Draw the window and the pages in it in another theme. */
  async use(theme: Theme): Promise<void> {
    await this.page.emulateMedia(systemOf[theme]);
    await this.page.locator(`.monaco-workbench.${themeClasses[theme].workbench}`).waitFor();
    for (const frame of await this.page.locator("iframe.webview.ready").filter({ visible: true }).all()) {
      const page = frame.contentFrame().locator("iframe#active-frame").contentFrame();
      await page.locator(`body.${themeClasses[theme].page}`).waitFor();
    }
  }

  async screenshot(journey: string, name: string): Promise<void> {
    await this.page.screenshot({ path: artefact(journey, `${name}.png`), animations: "disabled" });
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}
