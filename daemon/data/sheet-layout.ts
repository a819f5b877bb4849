/** Where everything stands on a contact sheet. Pure: pictures and labels in, boxes and baselines out. */
import type { Box, Rgb } from "./canvas.ts";
import { fittedText, type TextStyle, textWidth } from "./label-text.ts";
import type { Picture } from "./picture.ts";

export type SheetPhoto = { readonly picture: Picture };

/** A real photo whose adapter had a share in an image. */
export type SheetParent = { readonly picture: Picture; readonly weight: number };

/** A synthetic image with its parents; `label` is a few characters, such as its number. */
export type SheetImage = {
  readonly picture: Picture;
  readonly label?: string;
  readonly parents: readonly SheetParent[];
};

/** `photoCount` and `imageCount` are all there are, when not all of them are handed in. */
export type SheetClass = {
  readonly name: string;
  readonly photos: readonly SheetPhoto[];
  readonly photoCount?: number;
  readonly images: readonly SheetImage[];
  readonly imageCount?: number;
};

export type ContactSheet = {
  readonly title: string;
  readonly subtitle?: string;
  readonly classes: readonly SheetClass[];
  readonly classCount?: number;
};

/** What is drawn, in this order. Text stands with the left end of its baseline at (x, y). */
export type SheetItem =
  | { readonly kind: "picture"; readonly picture: Picture; readonly box: Box }
  | { readonly kind: "fill"; readonly box: Box; readonly color: Rgb }
  | { readonly kind: "text"; readonly text: string; readonly x: number; readonly y: number; readonly style: TextStyle };

export type SheetLayout = { readonly width: number; readonly height: number; readonly items: readonly SheetItem[] };

/** Sizes in pixels for one size of pictures. */
type Measures = {
  readonly cell: number;
  readonly thumbnail: number;
  readonly parentColumns: number;
  readonly photosInRow: number;
  readonly imagesInRow: number;
};

const margin = 32;
const gutter = 116;
const contentWidth = 1196;
const photoGap = 12;
const imageGap = 20;
const parentGap = 6;
const weightHeight = 16;
const labelHeight = 20;
const classLimit = 12;
const imageRows = 2;
/** Parents of one image that are shown; the sheet of a wider fusion says how many are not. */
const parentLimit = 6;

const ink: Rgb = [32, 33, 36];
const gray: Rgb = [112, 116, 122];
const ruleColor: Rgb = [221, 221, 217];
const titleStyle: TextStyle = { unit: 2.9, stroke: 2.7, color: ink };
const classStyle: TextStyle = { unit: 2.1, stroke: 2.1, color: ink };
const labelStyle: TextStyle = { unit: 1.6, stroke: 1.35, color: ink };
const quietStyle: TextStyle = { unit: 1.5, stroke: 1.2, color: gray };

/** How many classes, photos and images of a class a sheet shows: callers need not read more pictures than that. */
export function sheetCapacity(pictureSide: number, parentsPerImage: number) {
  const { photosInRow, imagesInRow } = measure(pictureSide, parentsPerImage);
  return { classes: classLimit, photos: photosInRow, images: imagesInRow * imageRows };
}

/** Lay a sheet out: a heading, then a block per class with a row of photos and rows of images. */
export function layoutSheet(sheet: ContactSheet): SheetLayout {
  const measures = measure(widestSide(sheet), mostParents(sheet));
  const items: SheetItem[] = [];
  let y = layoutHeading(sheet, items);
  const shown = sheet.classes.slice(0, classLimit);
  for (const one of shown) y = layoutClass(one, measures, y, items);
  const hidden = (sheet.classCount ?? sheet.classes.length) - shown.length;
  if (0 < hidden) {
    y += 40;
    items.push(text(`+${hidden} more ${hidden === 1 ? "class" : "classes"}`, margin, y, classStyle));
  }
  return { width: margin * 2 + gutter + contentWidth, height: y + margin, items };
}

/** Small pictures are enlarged by a whole number, large ones shrunk by one, to a cell of 97 to 256 pixels. */
function measure(pictureSide: number, parentsPerImage: number): Measures {
  const cell =
    pictureSide <= 96
      ? pictureSide * Math.max(1, Math.floor(144 / pictureSide))
      : Math.round(pictureSide / Math.ceil(pictureSide / 256));
  const thumbnail = Math.floor(cell / 2) - weightHeight - 2;
  const parentColumns = Math.ceil(Math.min(parentsPerImage, parentLimit) / 2);
  const imageWidth = cell + parentColumns * (thumbnail + parentGap);
  const fitting = (width: number, gap: number) => Math.max(1, Math.floor((contentWidth + gap) / (width + gap)));
  return {
    cell,
    thumbnail,
    parentColumns,
    photosInRow: fitting(cell, photoGap),
    imagesInRow: fitting(imageWidth, imageGap),
  };
}

function widestSide(sheet: ContactSheet): number {
  const pictures = sheet.classes.flatMap(({ photos, images }) => [...images, ...photos].map(({ picture }) => picture));
  return Math.max(1, ...pictures.map(({ width, height }) => Math.max(width, height)));
}

function mostParents(sheet: ContactSheet): number {
  return Math.max(0, ...sheet.classes.flatMap(({ images }) => images.map(({ parents }) => parents.length)));
}

/** Returns the y at which the next block starts, as all functions below do. */
function layoutHeading(sheet: ContactSheet, items: SheetItem[]): number {
  const width = gutter + contentWidth;
  const legend = "Beside each synthetic image: the real photos whose adapters were fused, with their weights.";
  const lines = [
    ...(sheet.subtitle === undefined ? [] : [sheet.subtitle]),
    ...(mostParents(sheet) < 1 ? [] : [legend]),
  ];
  let y = margin + 20;
  items.push(text(fittedText(sheet.title, width, titleStyle), margin, y, titleStyle));
  y += 8;
  for (const line of lines) {
    y += 20;
    items.push(text(fittedText(line, width, quietStyle), margin, y, quietStyle));
  }
  return y + 8;
}

function layoutClass(one: SheetClass, measures: Measures, top: number, items: SheetItem[]): number {
  items.push({
    kind: "fill",
    box: { x: margin, y: top + 16, width: gutter + contentWidth, height: 1 },
    color: ruleColor,
  });
  const name = fittedText(one.name, gutter + contentWidth, classStyle);
  items.push(text(name, margin, top + 46, classStyle));
  const photos = one.photos.slice(0, measures.photosInRow);
  const images = one.images.slice(0, measures.imagesInRow * imageRows);
  const hiddenPhotos = (one.photoCount ?? one.photos.length) - photos.length;
  // A method without adapters has no photos to show.
  const y = photos.length === 0 ? top + 64 : layoutPhotos(photos, hiddenPhotos, measures, top + 64, items);
  return layoutImages(images, (one.imageCount ?? one.images.length) - images.length, measures, y, items);
}

function layoutPhotos(
  photos: readonly SheetPhoto[],
  hidden: number,
  { cell }: Measures,
  top: number,
  items: SheetItem[],
): number {
  layoutGutter("Real photos", hidden, top, items);
  photos.forEach(({ picture }, index) => {
    const x = margin + gutter + index * (cell + photoGap);
    items.push({ kind: "picture", picture, box: { x, y: top, width: cell, height: cell } });
  });
  return top + cell + 20;
}

function layoutImages(
  images: readonly SheetImage[],
  hidden: number,
  measures: Measures,
  top: number,
  items: SheetItem[],
): number {
  layoutGutter("Synthetic", hidden, top, items);
  const { cell, thumbnail, parentColumns, imagesInRow } = measures;
  const pitch = cell + parentColumns * (thumbnail + parentGap) + imageGap;
  const rowHeight = cell + (images.some(({ label }) => label !== undefined) ? labelHeight + 8 : 14);
  images.forEach((image, index) => {
    const x = margin + gutter + (index % imagesInRow) * pitch;
    layoutImage(image, measures, { x, y: top + Math.floor(index / imagesInRow) * rowHeight }, items);
  });
  return top + Math.max(1, Math.ceil(images.length / imagesInRow)) * rowHeight;
}

function layoutImage(
  image: SheetImage,
  { cell, thumbnail }: Measures,
  { x, y }: { readonly x: number; readonly y: number },
  items: SheetItem[],
): void {
  items.push({ kind: "picture", picture: image.picture, box: { x, y, width: cell, height: cell } });
  if (image.label !== undefined) {
    items.push(text(fittedText(image.label, cell, quietStyle), x, y + cell + 16, quietStyle));
  }
  const hidden = image.parents.length - parentLimit;
  image.parents.slice(0, parentLimit).forEach(({ picture, weight }, index) => {
    const left = x + cell + parentGap + Math.floor(index / 2) * (thumbnail + parentGap);
    const top = y + (index % 2) * Math.ceil(cell / 2);
    items.push({ kind: "picture", picture, box: { x: left, y: top, width: thumbnail, height: thumbnail } });
    const more = 0 < hidden && index === parentLimit - 1;
    const label = more ? `+${hidden}` : weight.toFixed(2);
    const indent = Math.max(0, Math.floor((thumbnail - textWidth(label, quietStyle)) / 2));
    items.push(text(label, left + indent, top + thumbnail + 13, quietStyle));
  });
}

function layoutGutter(label: string, hidden: number, top: number, items: SheetItem[]): void {
  items.push(text(label, margin, top + 12, labelStyle));
  if (0 < hidden) items.push(text(`+${hidden} more`, margin, top + 32, quietStyle));
}

function text(content: string, x: number, y: number, style: TextStyle): SheetItem {
  return { kind: "text", text: content, x, y, style };
}
