/** A white sheet in memory and the few strokes that a contact sheet needs. Not a general drawing library. */
import type { Picture } from "./picture.ts";
import { resizePicture } from "./resample.ts";

/** Changed by drawing. Three bytes a pixel. */
export type Canvas = { readonly width: number; readonly height: number; readonly rgb: Uint8Array };

export type Rgb = readonly [red: number, green: number, blue: number];
export type Box = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** A sheet of one color. */
export function newCanvas(width: number, height: number, color: Rgb): Canvas {
  const canvas = { width, height, rgb: new Uint8Array(width * height * 3) };
  fillBox(canvas, { x: 0, y: 0, width, height }, color);
  return canvas;
}

/** Fill `box`; what lies outside of the sheet is cut off. */
export function fillBox(canvas: Canvas, box: Box, color: Rgb): void {
  const left = Math.max(box.x, 0);
  const right = Math.min(box.x + box.width, canvas.width);
  const bottom = Math.min(box.y + box.height, canvas.height);
  for (let y = Math.max(box.y, 0); y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) canvas.rgb.set(color, (y * canvas.width + x) * 3);
  }
}

/** Mix `color` into one pixel; `coverage` from 0 to 1. */
export function blendPixel(canvas: Canvas, x: number, y: number, color: Rgb, coverage: number): void {
  if (x < 0 || y < 0 || canvas.width <= x || canvas.height <= y) return;
  const at = (y * canvas.width + x) * 3;
  for (let channel = 0; channel < 3; channel += 1) {
    const under = canvas.rgb[at + channel]!;
    canvas.rgb[at + channel] = Math.round(under + (color[channel]! - under) * coverage);
  }
}

/** Draw `picture` into `box`, whole and centered, without changing its proportions, inside a thin frame. */
export function drawPicture(canvas: Canvas, picture: Picture, box: Box, frame: Rgb): void {
  const scale = Math.min(box.width / picture.width, box.height / picture.height);
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const x = box.x + Math.floor((box.width - width) / 2);
  const y = box.y + Math.floor((box.height - height) / 2);
  fillBox(canvas, { x: x - 1, y: y - 1, width: width + 2, height: height + 2 }, frame);
  const scaled = scalePicture(picture, width, height);
  for (let row = 0; row < height; row += 1) {
    canvas.rgb.set(scaled.subarray(row * width * 3, (row + 1) * width * 3), ((y + row) * canvas.width + x) * 3);
  }
}

/** Enlarge with hard pixel edges, so that small pictures look as they are; shrink smoothly. */
function scalePicture(picture: Picture, width: number, height: number): Uint8Array {
  if (width < picture.width || height < picture.height) return resizePicture(picture, width, height).rgb;
  const scaled = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    const row = Math.floor((y * picture.height) / height) * picture.width;
    for (let x = 0; x < width; x += 1) {
      const source = (row + Math.floor((x * picture.width) / width)) * 3;
      scaled.set(picture.rgb.subarray(source, source + 3), (y * width + x) * 3);
    }
  }
  return scaled;
}
