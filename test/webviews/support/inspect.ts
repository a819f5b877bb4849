/** Looking at the Samples page from outside: what it shows, where it fails people, what it costs. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Browser, CDPSession, Page } from "playwright-core";

/** Screenshots, not in git; made where LOFT_PICTURES is 1. */
export const artefacts = fileURLToPath(new URL("../artefacts/", import.meta.url));

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export type ScrollReport = {
  readonly steps: number;
  readonly reachedEnd: boolean;
  /** Frames in which a point of the view showed neither an image's cell nor a heading. */
  readonly blankFrames: number;
  readonly longestBlank: number;
  readonly longestFrame: number;
  readonly mostElements: number;
};

/** Runs in the page: scroll by most of a view at each frame, with jumps, and look whether rows are there. */
export const scrollThrough = `(async () => {
  const grid = document.querySelector("loft-samples").shadowRoot.querySelector("loft-sample-grid").shadowRoot;
  const scroller = grid.querySelector(".scroller");
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const report = { steps: 0, reachedEnd: false, blankFrames: 0, longestBlank: 0, longestFrame: 0, mostElements: 0 };
  const box = scroller.getBoundingClientRect();
  const isBlank = () => [0.2, 0.5, 0.8].some((share) => {
    const y = box.top + box.height * share;
    return ![...grid.querySelectorAll(".row, .heading, .group")].some((row) => {
      const { top, bottom } = row.getBoundingClientRect();
      const isRoom = row.classList.contains("group");
      return isRoom ? bottom - 24 <= y && y <= bottom + 8 : top - 9 <= y && y <= bottom + 9;
    });
  });
  let last = performance.now();
  let blankSince;
  const look = async () => {
    await frame();
    const now = performance.now();
    report.longestFrame = Math.max(report.longestFrame, now - last);
    last = now;
    if (isBlank()) {
      report.blankFrames += 1;
      blankSince ??= now;
      report.longestBlank = Math.max(report.longestBlank, now - blankSince);
    } else blankSince = undefined;
    report.mostElements = Math.max(report.mostElements, grid.querySelectorAll(".cell").length);
    report.steps += 1;
  };
  const end = scroller.scrollHeight - scroller.clientHeight;
  for (let top = 0; top < end && report.steps < 90; top += scroller.clientHeight * 0.8) {
    scroller.scrollTop = top;
    await look();
  }
  for (const share of [0.1, 0.9, 0.3, 0.7, 0, 1, 0.5, 1]) {
    scroller.scrollTop = end * share;
    await look();
    await look();
  }
  report.reachedEnd = end - 2 <= scroller.scrollTop;
  return report;
})()`;

/** Label of the element that has the focus, through shadow roots. */
export const focusedLabel = `(() => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element?.getAttribute("aria-label") ?? "";
})()`;

/** How often the facts in the head are drawn anew. */
export const countFactChanges = `(() => {
  const header = document.querySelector("loft-samples").shadowRoot.querySelector("loft-run-header");
  globalThis.factChanges = 0;
  new MutationObserver(() => { globalThis.factChanges += 1; })
    .observe(header.shadowRoot.querySelector(".facts"), { subtree: true, childList: true, characterData: true });
})()`;

/** The animation of the icon that tells the run's state. */
export const stateAnimation = `(() => {
  const header = document.querySelector("loft-samples").shadowRoot.querySelector("loft-run-header");
  return getComputedStyle(header.shadowRoot.querySelector(".state .icon")).animationName;
})()`;

/** Widths of a head, in px, at which a line of its facts begins with something else than a fact; through shadow roots. */
export function raggedWidths(page: Page, header: string): Promise<readonly number[]> {
  return page.evaluate(`(() => {
    const find = (root) => root.querySelector("${header}") ??
      [...root.querySelectorAll("*")].map((one) => one.shadowRoot && find(one.shadowRoot)).find(Boolean);
    const element = find(document);
    const range = document.createRange();
    const boxes = (node) => (range.selectNodeContents(node), [...range.getClientRects()]);
    const isRagged = () => {
      const [title] = boxes(element.shadowRoot.querySelector("h1"));
      const lines = new Map();
      for (const { top, left } of [...element.shadowRoot.querySelectorAll(".facts li")].flatMap(boxes)) {
        lines.set(Math.round(top), Math.min(left, lines.get(Math.round(top)) ?? left));
      }
      return [...lines.values()].some((left) => 1 <= Math.abs(left - title.left));
    };
    const widths = Array.from({ length: 300 }, (_, i) => 200 + i);
    const found = widths.filter((width) => ((element.style.width = width + "px"), isRagged()));
    element.style.width = "";
    return found;
  })()`);
}

/** How far the content of an element is wider than the element, in px, through shadow roots. */
export function hiddenWidth(page: Page, selector: string): Promise<number> {
  return page.locator(selector).evaluate((element) => {
    const { scrollWidth, clientWidth } = element as unknown as Record<"scrollWidth" | "clientWidth", number>;
    return scrollWidth - clientWidth;
  });
}

/** Elements that stick out of the page to the right, through shadow roots; what scrolls on its own may. */
export const overflowing = `(() => {
  const found = [];
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      const { right, width } = element.getBoundingClientRect();
      const scrolls = element.closest(".scroll, .matrix, .unseen, vscode-single-select") !== null;
      if (innerWidth + 1 < right && 0 < width && !scrolls) found.push(element.localName + "." + element.className);
      const style = getComputedStyle(element);
      if (element.shadowRoot && !["auto", "scroll"].includes(style.overflowX)) visit(element.shadowRoot);
    }
  };
  visit(document);
  return found;
})()`;

/** Words with single spaces between them. */
export function tidied(texts: readonly string[]): readonly string[] {
  return texts.map((text) => text.replaceAll(/\s+/g, " ").trim());
}

export async function taskSeconds(client: CDPSession): Promise<number> {
  const { metrics } = await client.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN;
}

/** Choose from one of the page's select elements, by its label. */
export async function choose(page: Page, label: string, option: string): Promise<void> {
  await page.getByRole("combobox", { name: label }).click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

/** Go to a tab, and see it drawn. */
export async function openTab(page: Page, name: string): Promise<void> {
  await page.getByRole("tab", { name }).click();
  await page.getByRole("tab", { name, selected: true }).waitFor();
}

/** Wait until the page holds still; keep a screenshot of it where LOFT_PICTURES is 1. */
export async function shoot(page: Page, name: string): Promise<void> {
  await page.evaluate(stillness);
  if (process.env.LOFT_PICTURES === "1") await page.screenshot({ path: `${artefacts}${name}.png` });
}

/** Runs in the page: two frames, so that sizes are known to all who ask, and the pictures that are asked for already. */
const stillness = `(async () => {
  const pictures = [];
  const visit = (root) => {
    for (const element of root.querySelectorAll("*")) {
      if (element.localName === "img" && element.loading !== "lazy") pictures.push(element.decode().catch(() => {}));
      if (element.shadowRoot) visit(element.shadowRoot);
    }
  };
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  await frame();
  await frame();
  visit(document);
  await Promise.race([Promise.all([document.fonts.ready, ...pictures]), new Promise((done) => setTimeout(done, 500))]);
})()`;

/** What axe finds, one line for each rule and element. */
export function violations(page: Page): Promise<readonly string[]> {
  return foundByAxe(page, {});
}

/** Of colors alone: what a theme changes. Reading the colors is most of what axe does. */
export function colorViolations(page: Page): Promise<readonly string[]> {
  return foundByAxe(page, { runOnly: ["color-contrast", "link-in-text-block"] });
}

/** Of all but colors: what a size of the view changes. */
export function layoutViolations(page: Page): Promise<readonly string[]> {
  return foundByAxe(page, { rules: { "color-contrast": { enabled: false } } });
}

async function foundByAxe(page: Page, options: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axeSource);
  // There are no styles of other origins to fetch first.
  const settings = JSON.stringify({ resultTypes: ["violations"], preload: false, ...options });
  const found = (await page.evaluate(`axe.run(document, ${settings})`)) as {
    violations: { id: string; help: string; nodes: { target: unknown; failureSummary: string }[] }[];
  };
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${JSON.stringify(target)}: ${failureSummary}`),
  );
}

/** Memory of the page's process that no other process shares, in MB; undefined where the system does not tell. */
export async function privateMegabytes(browser: Browser): Promise<number | undefined> {
  if (process.platform !== "linux") return undefined;
  const client = await browser.newBrowserCDPSession();
  const { processInfo } = await client.send("SystemInfo.getProcessInfo");
  const sizes = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => anonymousKilobytes(id));
  return Math.max(...sizes) / 1024;
}

function anonymousKilobytes(id: number): number {
  return Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1] ?? 0);
}
