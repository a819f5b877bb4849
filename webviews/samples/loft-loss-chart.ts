/** Loss by step: the mean of many adapters with their range, and a few chosen adapters beside it. */
import { css, html, LitElement, type PropertyValues, type TemplateResult, unsafeCSS } from "lit";
import uPlot from "uplot";
import chartStyles from "uplot/dist/uPlot.min.css" with { type: "text" };
import { type ChartColors, onThemeChange, readChartColors, seriesDashes } from "../shared/chart-colors.ts";
import { baseStyles } from "../shared/theme.ts";
import type { Curve, CurveSummary } from "./loss-curves.ts";
import { countText, lossText, texts } from "./texts.ts";

export class LoftLossChart extends LitElement {
  // A style sheet of the package, not text of a user.
  static override styles = [baseStyles, unsafeCSS(chartStyles), ownStyles()];
  static override properties = {
    summary: { attribute: false },
    count: { type: Number },
    chosen: { attribute: false },
  };

  declare summary: CurveSummary;
  /** Adapters in the mean. */
  declare count: number;
  declare chosen: readonly Curve[];
  #plot: uPlot | undefined;
  #stopTheme: (() => void) | undefined;
  readonly #observer = new ResizeObserver(() => this.#fit());

  constructor() {
    super();
    this.count = 0;
    this.chosen = [];
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer.observe(this);
    this.#stopTheme = onThemeChange(() => this.#draw());
    if (this.hasUpdated) this.#draw();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
    this.#stopTheme?.();
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  protected override updated(changed: PropertyValues<this>): void {
    const before = changed.get("chosen")?.map(({ adapterId }) => adapterId) ?? [];
    const isOtherSeries = changed.has("chosen") && before.join() !== this.chosen.map((curve) => curve.adapterId).join();
    if (this.#plot === undefined || isOtherSeries) this.#draw();
    else this.#plot.setData(this.#data());
  }

  protected override render(): TemplateResult {
    const { steps, mean } = this.summary;
    const label = texts.chartSummary(this.count, steps.at(-1) ?? 0, mean[0] ?? 0, mean.at(-1) ?? 0);
    return html`<div class="plot" role="img" aria-label=${`${texts.lossChart}. ${label}`}></div>
      <div class="readout quiet numbers" aria-hidden="true"></div>`;
  }

  #draw(): void {
    const place = this.renderRoot.querySelector<HTMLElement>(".plot");
    if (place === null || !this.isConnected) return;
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(readChartColors(this)), this.#data(), place);
    this.#tell(undefined);
  }

  #fit(): void {
    this.#plot?.setSize(this.#size());
  }

  #size(): { width: number; height: number } {
    const width = Math.max(160, Math.floor(this.clientWidth));
    return { width, height: Math.round(Math.min(340, Math.max(180, width * 0.45))) };
  }

  #data(): uPlot.AlignedData {
    const { steps, most, least, mean } = this.summary;
    const tables = [
      [steps, most, least, mean],
      ...this.chosen.map((curve) => [curve.steps, curve.losses]),
    ] as unknown as uPlot.AlignedData[];
    return uPlot.join(tables);
  }

  #options(colors: ChartColors): uPlot.Options {
    const font = `11px ${getComputedStyle(this).fontFamily}`;
    const axis = { stroke: colors.text, font, grid: { stroke: colors.grid, width: 1 }, ticks: { stroke: colors.grid } };
    return {
      ...this.#size(),
      legend: { show: false },
      scales: { x: { time: false }, y: { range: (_plot, least, most) => withRoom(least, most) } },
      axes: [
        {
          ...axis,
          values: (_plot, splits) => splits.map(countText),
          size: 32,
          labelGap: 2,
          label: texts.step,
          labelFont: font,
          labelSize: 18,
        },
        {
          ...axis,
          values: (_plot, splits) => splits.map(lossText),
          size: 48,
          label: texts.loss,
          labelFont: font,
          labelSize: 18,
        },
      ],
      series: [
        { label: texts.step },
        { label: texts.most, stroke: "transparent", width: 0, points: { show: false }, spanGaps: true },
        { label: texts.least, stroke: "transparent", width: 0, points: { show: false }, spanGaps: true },
        { label: texts.mean, stroke: colors.mean, width: 2, points: { show: false }, spanGaps: true },
        ...this.chosen.map((curve, i) => ({
          label: curve.photo,
          stroke: colors.series[i % colors.series.length] as string,
          dash: [...(seriesDashes[i % seriesDashes.length] as readonly number[])],
          width: 1.5,
          points: { show: false },
          spanGaps: true,
        })),
      ],
      bands: [{ series: [1, 2], fill: colors.range }],
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      hooks: { setCursor: [(plot) => this.#tell(plot.cursor.idx ?? undefined)] },
    };
  }

  /** The values under the pointer; written past Lit, for it comes with each movement. */
  #tell(index: number | undefined): void {
    const readout = this.renderRoot.querySelector(".readout");
    if (readout === null) return;
    readout.textContent = index === undefined ? "" : this.#valuesAt(index);
  }

  #valuesAt(index: number): string {
    const [steps, most, least, mean, ...chosen] = this.#plot?.data ?? [];
    const values = [
      `${texts.step} ${countText(steps?.[index] ?? 0)}`,
      valueText(texts.mean, mean?.[index]),
      valueText(texts.least, least?.[index]),
      valueText(texts.most, most?.[index]),
      ...chosen.map((losses, i) => valueText(this.chosen[i]?.photo ?? "", losses[index])),
    ];
    return values.filter((text) => text !== "").join("  ·  ");
  }
}

function valueText(name: string, value: number | null | undefined): string {
  return value === null || value === undefined ? "" : `${name} ${lossText(value)}`;
}

function withRoom(least: number, most: number): [number, number] {
  const room = (most - least) * 0.05 || Math.abs(most) * 0.1 || 0.1;
  return [Math.min(least, Math.max(0, least - room)), most + room];
}

function ownStyles() {
  return css`
    .plot {
      overflow: hidden;
    }
    .uplot {
      font-family: inherit;
    }
    .u-cursor-x {
      border-right-color: var(--vscode-charts-lines, var(--vscode-foreground)) !important;
    }
    .readout {
      min-height: 1.5em;
      overflow-wrap: anywhere;
    }
  `;
}
