/** Accuracy against a number of pictures, which are drawn so that twice as many are one step: lines with bands. */
import { css, html, LitElement, type PropertyValues, type TemplateResult, unsafeCSS } from "lit";
import uPlot from "uplot";
import chartStyles from "uplot/dist/uPlot.min.css" with { type: "text" };
import { type ChartColors, fadedColor, onThemeChange, readChartColors } from "../shared/chart-colors.ts";
import { baseStyles } from "../shared/theme.ts";
import { axisPlace, type Point, type Scaling, type Series } from "./scaling.ts";
import { type Shape, seriesStyle, shapeCorners } from "./series-style.ts";
import { countText, percentText, texts } from "./texts.ts";

/** In px. */
const pointRadius = 3.5;

/** Numbers of the axis stand at least this far apart, in px. */
const labelRoom = 30;

export class LoftScalingChart extends LitElement {
  // A style sheet of the package, not text of a user.
  static override styles = [baseStyles, unsafeCSS(chartStyles), ownStyles()];
  static override properties = {
    scaling: { attribute: false },
    axis: { type: String },
    summary: { type: String },
  };

  declare scaling: Scaling;
  /** What the axis counts. */
  declare axis: string;
  /** The plot in words. */
  declare summary: string;
  #plot: uPlot | undefined;
  #stopTheme: (() => void) | undefined;
  readonly #observer = new ResizeObserver(() => this.#plot?.setSize(this.#size()));

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
    if (changed.has("scaling") || changed.has("axis")) this.#draw();
  }

  protected override render(): TemplateResult {
    return html`<div class="plot" role="img" aria-label=${this.summary}></div>
      <div class="readout quiet numbers" aria-hidden="true"></div>`;
  }

  #draw(): void {
    const place = this.renderRoot.querySelector<HTMLElement>(".plot");
    if (place === null || !this.isConnected) return;
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#options(readChartColors(this)), this.#data(), place);
    this.#tell(undefined);
  }

  #size(): { width: number; height: number } {
    const width = Math.max(160, Math.floor(this.clientWidth));
    return { width, height: Math.round(Math.min(320, Math.max(180, width * 0.5))) };
  }

  /** The axis, then for each line its mean and the ends of its band. */
  #data(): uPlot.AlignedData {
    const { stops, series } = this.scaling;
    const columns = series.flatMap((each) => {
      const points = stops.map((stop) => pointAt(each, stop));
      return [
        points.map((point) => percent(point?.mean)),
        points.map((point) => percent(bandEnd(point, 1))),
        points.map((point) => percent(bandEnd(point, -1))),
      ];
    });
    return [stops.map(axisPlace), ...columns] as uPlot.AlignedData;
  }

  #options(colors: ChartColors): uPlot.Options {
    const font = `11px ${getComputedStyle(this).fontFamily}`;
    const axis = { stroke: colors.text, font, grid: { stroke: colors.grid, width: 1 }, ticks: { stroke: colors.grid } };
    const places = this.scaling.stops.map(axisPlace);
    const hidden = { stroke: "transparent", width: 0, points: { show: false } };
    const lines = this.scaling.series.map((series) => ({ series, color: colorOf(series, colors) }));
    return {
      ...this.#size(),
      padding: [8, 16, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: false, range: () => withRoom(places) },
        y: { range: (_plot, least, most) => accuracyRange(least, most) },
      },
      axes: [
        {
          ...axis,
          splits: () => places,
          values: (plot) => this.#labels(plot),
          size: 30,
          label: this.axis,
          labelFont: font,
          labelSize: 18,
        },
        { ...axis, size: 40, label: texts.accuracyAxis, labelFont: font, labelSize: 18 },
      ],
      series: [
        {},
        ...lines.flatMap(({ series, color }) => [lineOptions(series, color, colors.background), hidden, hidden]),
      ],
      bands: lines.map(({ color }, i) => ({
        series: [3 * i + 2, 3 * i + 3] as [number, number],
        fill: fadedColor(color, "24"),
      })),
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      hooks: { setCursor: [(plot) => this.#tell(plot.cursor.idx ?? undefined)] },
    };
  }

  /** Those that have room; the last always has. */
  #labels(plot: uPlot): string[] {
    const { stops } = this.scaling;
    const at = (stop: number) => plot.valToPos(axisPlace(stop), "x");
    let next = Number.POSITIVE_INFINITY;
    const kept = new Set<number>();
    for (const stop of stops.toReversed()) {
      if (next - at(stop) < labelRoom) continue;
      next = at(stop);
      kept.add(stop);
    }
    return stops.map((stop) => (kept.has(stop) ? countText(stop) : ""));
  }

  /** The values under the pointer; written past Lit, for it comes with each movement. */
  #tell(index: number | undefined): void {
    const readout = this.renderRoot.querySelector(".readout");
    if (readout === null) return;
    readout.textContent = index === undefined ? "" : this.#valuesAt(this.scaling.stops[index] ?? 0);
  }

  #valuesAt(stop: number): string {
    const values = this.scaling.series.flatMap((series) => {
      const point = pointAt(series, stop);
      return point === undefined ? [] : [`${series.title} ${pointText(point)}`];
    });
    return [`${this.axis} ${countText(stop)}`, ...values].join("  ·  ");
  }
}

/** "85.3 ± 1.2". */
export function pointText({ mean, std }: Point): string {
  return std === null ? percentText(mean) : `${percentText(mean)} ± ${percentText(std)}`;
}

/** A constant is everywhere. */
export function pointAt({ points, isConstant }: Series, stop: number): Point | undefined {
  return isConstant ? points[0] : points.find(({ at }) => at === stop);
}

function lineOptions({ key, isConstant }: Series, color: string, background: string): uPlot.Series {
  const { dash, width, shape, isFilled } = seriesStyle(key);
  const points = { size: 7, stroke: color, fill: isFilled ? color : background, width: 1.5, paths: pointPaths(shape) };
  return { stroke: color, width, dash: [...dash], spanGaps: true, points: { show: !isConstant, ...points } };
}

/** Draws the points of a line in its shape. */
function pointPaths(shape: Shape): uPlot.Series.Points.PathBuilder {
  const corners = shapeCorners(shape, pointRadius * devicePixelRatio);
  return (plot, index, first, last) => {
    const path = new Path2D();
    for (let i = first; i <= last; i += 1) {
      const value = plot.data[index]?.[i];
      if (value === null || value === undefined) continue;
      const [x, y] = [plot.valToPos(plot.data[0][i] ?? 0, "x", true), plot.valToPos(value, "y", true)];
      addShape(path, corners, { x, y });
    }
    return { stroke: path, fill: path };
  };
}

function addShape(
  path: Path2D,
  corners: readonly (readonly [number, number])[],
  { x, y }: { readonly x: number; readonly y: number },
): void {
  if (corners.length === 0) {
    const radius = pointRadius * devicePixelRatio;
    path.moveTo(x + radius, y);
    path.arc(x, y, radius, 0, 2 * Math.PI);
    return;
  }
  corners.forEach(([dx, dy], i) => {
    if (i === 0) path.moveTo(x + dx, y + dy);
    else path.lineTo(x + dx, y + dy);
  });
  path.closePath();
}

function colorOf({ key }: Series, { text, series }: ChartColors): string {
  const { color } = seriesStyle(key);
  return color === undefined ? text : (series[color] ?? text);
}

function bandEnd(point: Point | undefined, side: 1 | -1): number | undefined {
  return point === undefined || point.std === null ? undefined : point.mean + side * point.std;
}

/** Null is a gap. */
function percent(share: number | undefined): number | null {
  return share === undefined ? null : 100 * share;
}

function withRoom(places: readonly number[]): [number, number] {
  const [first = 0, last = 1] = [places[0], places.at(-1)];
  const room = (last - first) * 0.04 || 0.5;
  return [first - room, last + room];
}

/** Not beyond what an accuracy can be. */
function accuracyRange(least: number, most: number): [number, number] {
  const room = Math.max(1, (most - least) * 0.08);
  return [Math.max(0, least - room), Math.min(100.5, most + room)];
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
      min-height: 2.8em;
      overflow-wrap: anywhere;
    }
  `;
}
