/** How a line of a scaling plot is drawn: by its key, so that a method looks the same in every plot. Pure. */

/** Shape of a line's points, around 0, 0, of about the same weight; each tells its line apart without color. */
export type Shape = "circle" | "square" | "diamond" | "triangle" | "wedge" | "hexagon";

export type SeriesStyle = {
  /** Place in the theme's chart colors; the text's color where undefined. */
  readonly color: number | undefined;
  /** Lengths of dashes and gaps in px. */
  readonly dash: readonly number[];
  readonly width: number;
  readonly shape: Shape;
  readonly isFilled: boolean;
};

/** Names of the theme's chart colors, in the order of `ChartColors.series`. */
export const colorNames = ["blue", "orange", "green", "purple", "red", "yellow"] as const;

const thin = { width: 1.5, isFilled: false } as const;

const styles: Readonly<Record<string, SeriesStyle>> = {
  loft: { color: 0, dash: [], width: 2.5, shape: "circle", isFilled: true },
  "datadream-class": { ...thin, color: 1, dash: [8, 4], shape: "square" },
  "datadream-dataset": { ...thin, color: 2, dash: [2, 3], shape: "diamond" },
  "class-prompt": { ...thin, color: 3, dash: [8, 3, 2, 3], shape: "triangle" },
  "caption-prompt": { ...thin, color: 4, dash: [4, 3], shape: "wedge" },
  real: { ...thin, color: undefined, dash: [], shape: "circle" },
  "zero-shot": { ...thin, color: undefined, dash: [1, 4], shape: "circle" },
};

const other: SeriesStyle = { ...thin, color: 5, dash: [10, 3, 2, 3, 2, 3], shape: "hexagon" };

export function seriesStyle(key: string): SeriesStyle {
  return Object.hasOwn(styles, key) ? (styles[key] as SeriesStyle) : other;
}

/** Corners of a shape of this radius; a circle has none. */
export function shapeCorners(shape: Shape, radius: number): readonly (readonly [number, number])[] {
  const polygon = (corners: number, start: number, size = radius) =>
    Array.from({ length: corners }, (_, i): readonly [number, number] => {
      const angle = ((start + (360 / corners) * i) * Math.PI) / 180;
      return [size * Math.cos(angle), size * Math.sin(angle)];
    });
  switch (shape) {
    case "circle":
      return [];
    case "square":
      return polygon(4, 45, radius * 1.2);
    case "diamond":
      return polygon(4, 0, radius * 1.25);
    case "triangle":
      return polygon(3, -90, radius * 1.3);
    case "wedge":
      return polygon(3, 90, radius * 1.3);
    case "hexagon":
      return polygon(6, 0, radius * 1.1);
  }
}
