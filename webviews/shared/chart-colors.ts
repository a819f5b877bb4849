/** The theme's chart colors as a canvas needs them, and word when the theme changes. */

export type ChartColors = {
  readonly text: string;
  readonly background: string;
  readonly grid: string;
  readonly mean: string;
  /** The range's filling. */
  readonly range: string;
  readonly series: readonly string[];
};

const seriesNames = ["blue", "orange", "green", "purple", "red", "yellow"] as const;

/** Dashes tell curves apart without color. */
export const seriesDashes: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [12, 3, 2, 3], [5, 5], [14, 4]];

/** How many curves can be told apart. */
export const mostSeries = seriesNames.length;

export function readChartColors(element: Element): ChartColors {
  const style = getComputedStyle(element);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const text = color("--vscode-foreground") || style.color;
  return {
    text,
    background: color("--vscode-editor-background") || "transparent",
    grid: fadedColor(text, "22"),
    mean: text,
    range: fadedColor(text, "26"),
    series: seriesNames.map((name) => color(`--vscode-charts-${name}`) || text),
  };
}

/** Calls back when VS Code puts another theme on the page; returns what stops it. */
export function onThemeChange(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style", "class"] });
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "data-vscode-theme-id"] });
  return () => observer.disconnect();
}

/**
 * A color with an alpha of two hex digits; colors that are not opaque stay as they are. A canvas reads any CSS color and
 * gives it back as "#rrggbb" where it is opaque.
 */
export function fadedColor(color: string, alpha: string): string {
  const context = document.createElement("canvas").getContext("2d");
  if (context === null) return color;
  context.fillStyle = color;
  return /^#[0-9a-f]{6}$/.test(context.fillStyle) ? `${context.fillStyle}${alpha}` : context.fillStyle;
}
