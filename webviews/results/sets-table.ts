/** The quality of the synthetic sets as a table, one line for each method. Pure. */
import type { LeftOut, LoftResults, SetQuality } from "../../schemas/results.ts";
import { type Cell, type Column, markBest, type TableModel } from "./table-model.ts";
import { figureAbout, methodTitle, texts } from "./texts.ts";

/** A figure of a set: how it is read out of the file, written, and judged. */
export type Figure = Column & { readonly of: (set: SetQuality) => number | null };

/** Diversity and density are neither good nor bad by themselves: noise is diverse, and copies are dense. */
export const figures: readonly Figure[] = [
  figure("frechetDistance", "figure", "less"),
  figure("kernelDistance", "figure", "less"),
  figure("precision", "figure", "more"),
  figure("recall", "figure", "more"),
  figure("density", "figure", "neither"),
  figure("coverage", "figure", "more"),
  figure("diversity", "figure", "neither"),
  figure("labelAgreement", "share", "more"),
];

/** Counts that older files do not have. */
const extras: readonly Figure[] = [
  {
    ...{ key: "duplicates", title: texts.duplicates, about: texts.duplicatesAbout, unit: "count", better: "neither" },
    of: ({ duplicates }) => duplicates?.groups.length ?? null,
  },
  {
    ...{ key: "leftOut", title: texts.leftOut, about: texts.leftOutAbout, unit: "count", better: "neither" },
    of: ({ leftOut }) => leftOut?.reduce((sum, each) => sum + leftOutCount(each), 0) ?? null,
  },
];

/** Images that a rule left out. */
export function leftOutCount({ perClass }: LeftOut): number {
  return perClass.reduce((sum, count) => sum + count, 0);
}

export function setsTable({ sets }: LoftResults): TableModel {
  const shownExtras = extras.filter(({ of }) => sets.some((set) => of(set) !== null));
  const columns: readonly Column[] = [
    { key: "images", title: texts.imagesCount, unit: "count", better: "neither" },
    ...figures,
    { key: "copies", title: texts.copies, about: texts.copiesAbout, unit: "count", better: "neither" },
    ...shownExtras,
  ];
  const lines = sets.map((set) => {
    const title = methodTitle(set.method);
    const cells: readonly Cell[] = [
      { type: "count", count: set.images },
      ...figures.map((each): Cell => ({ type: "value", mean: each.of(set), std: null, rank: "none" })),
      copiesCell(set),
      ...shownExtras.map(({ of }): Cell => ({ type: "count", count: of(set) })),
    ];
    return { id: set.method, title, label: title, group: "", cells };
  });
  return markBest({ caption: texts.setsTable, head: texts.set, columns, lines });
}

function copiesCell({ copies }: SetQuality): Cell {
  const count = copies.images.length;
  return count === 0 ? { type: "count", count } : { type: "count", count, warning: texts.copiesOf(count) };
}

type FigureKey = keyof typeof figureAbout;

function figure(key: FigureKey, unit: Column["unit"], better: Column["better"]): Figure {
  const [title, about] = figureAbout[key];
  return { key, title, about, unit, better, of: (set) => set[key] };
}
