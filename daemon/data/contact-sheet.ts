/** A contact sheet as a PNG: per class its real photos, then synthetic images with their parents beside them. */
import { type Canvas, drawPicture, fillBox, newCanvas, type Rgb } from "./canvas.ts";
import { encodePng, type PngNotes } from "./image-file.ts";
import { drawText } from "./label-text.ts";
import type { Picture } from "./picture.ts";
import { type ContactSheet, layoutSheet, type SheetItem } from "./sheet-layout.ts";

const ground: Rgb = [250, 250, 248];
const frame: Rgb = [214, 214, 209];

/** Draw a sheet. Needs no font and no file; the same sheet gives the same pixels everywhere. */
export function drawContactSheet(sheet: ContactSheet): Picture {
  const { width, height, items } = layoutSheet(sheet);
  const canvas = newCanvas(width, height, ground);
  for (const item of items) drawItem(canvas, item);
  return canvas;
}

/** `drawContactSheet` as the bytes of a PNG file. */
export async function encodeContactSheet(sheet: ContactSheet, notes: PngNotes = {}): Promise<Uint8Array> {
  return encodePng(drawContactSheet(sheet), notes);
}

function drawItem(canvas: Canvas, item: SheetItem): void {
  switch (item.kind) {
    case "picture":
      drawPicture(canvas, item.picture, item.box, frame);
      break;
    case "fill":
      fillBox(canvas, item.box, item.color);
      break;
    case "text":
      drawText(canvas, item.text, item.x, item.y, item.style);
      break;
  }
}
