/** Labels: text as antialiased strokes, without any font of the machine. */
import { blendPixel, type Canvas, type Rgb } from "./canvas.ts";
import { glyphs } from "./label-font.ts";

/** `unit` is the distance of two grid points in pixels (capitals are 6 units high), `stroke` the width of the lines. */
export type TextStyle = { readonly unit: number; readonly stroke: number; readonly color: Rgb };

/** Space between two letters, in units. */
const letterSpace = 2;

/** Width of `text` in pixels. */
export function textWidth(text: string, style: TextStyle): number {
  const columns = [...plainText(text)].reduce((sum, letter) => sum + columnsOf(letter) - 1 + letterSpace, 0);
  return Math.max(0, Math.ceil((columns - letterSpace) * style.unit + style.stroke));
}

/** `text`, cut with three dots at the end where it would be wider than `width` pixels. */
export function fittedText(text: string, width: number, style: TextStyle): string {
  const letters = [...plainText(text)];
  if (textWidth(letters.join(""), style) <= width) return letters.join("");
  while (0 < letters.length && width < textWidth(`${letters.join("")}...`, style)) letters.pop();
  return `${letters.join("").trimEnd()}...`;
}

/** Draw `text` with the left end of its baseline at (x, y). */
export function drawText(canvas: Canvas, text: string, x: number, y: number, style: TextStyle): void {
  let left = x + style.stroke / 2;
  for (const letter of plainText(text)) {
    const lines = strokesOf(letter).map((line) => placed(line, left, y, style.unit));
    drawLines(canvas, lines, style);
    left += (columnsOf(letter) - 1 + letterSpace) * style.unit;
  }
}

/** What the font can say: accents are dropped, other characters become question marks. */
export function plainText(text: string): string {
  const plain = text.normalize("NFKD").replace(/\p{M}+/gu, "");
  return [...plain.replace(/\s/g, " ")].map((letter) => (Object.hasOwn(glyphs, letter) ? letter : "?")).join("");
}

/** From (x1, y1) to (x2, y2); in units, y down from the baseline. */
type Line = { readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number };

function rowsOf(letter: string): readonly string[] {
  return glyphs[letter]!.split(" ");
}

function columnsOf(letter: string): number {
  return rowsOf(letter)[0]!.length;
}

/** Lines between points that touch: sideways and down always, diagonally where no such line goes around the corner. */
function strokesOf(letter: string): readonly Line[] {
  const rows = rowsOf(letter);
  const isSet = (column: number, row: number) => rows[row]?.[column] === "#";
  const lines: Line[] = [];
  rows.forEach((text, row) => {
    for (let column = 0; column < text.length; column += 1) {
      if (!isSet(column, row)) continue;
      const to = (right: number, down: number) =>
        lines.push({ x1: column, y1: row - 6, x2: column + right, y2: row + down - 6 });
      const [east, south, west] = [isSet(column + 1, row), isSet(column, row + 1), isSet(column - 1, row)];
      to(0, 0);
      if (east) to(1, 0);
      if (south) to(0, 1);
      if (!east && !south && isSet(column + 1, row + 1)) to(1, 1);
      if (!west && !south && isSet(column - 1, row + 1)) to(-1, 1);
    }
  });
  return lines;
}

function placed(line: Line, left: number, baseline: number, unit: number): Line {
  return {
    x1: left + line.x1 * unit,
    y1: baseline + line.y1 * unit,
    x2: left + line.x2 * unit,
    y2: baseline + line.y2 * unit,
  };
}

/** Lines with round ends, drawn as one shape: a pixel is covered by how far it lies inside of the nearest line. */
function drawLines(canvas: Canvas, lines: readonly Line[], { stroke, color }: TextStyle): void {
  if (lines.length === 0) return;
  const reach = stroke / 2 + 1;
  const xs = lines.flatMap(({ x1, x2 }) => [x1, x2]);
  const ys = lines.flatMap(({ y1, y2 }) => [y1, y2]);
  for (let y = Math.floor(Math.min(...ys) - reach); y <= Math.max(...ys) + reach; y += 1) {
    for (let x = Math.floor(Math.min(...xs) - reach); x <= Math.max(...xs) + reach; x += 1) {
      const distance = Math.min(...lines.map((line) => distanceTo(line, x + 0.5, y + 0.5)));
      const inside = stroke / 2 + 0.5 - distance;
      if (0 < inside) blendPixel(canvas, x, y, color, Math.min(inside, 1));
    }
  }
}

/** Distance of a point to a line segment. */
function distanceTo(line: Line, x: number, y: number): number {
  const [dx, dy] = [line.x2 - line.x1, line.y2 - line.y1];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : ((x - line.x1) * dx + (y - line.y1) * dy) / length;
  const nearest = Math.min(Math.max(along, 0), 1);
  return Math.hypot(x - line.x1 - nearest * dx, y - line.y1 - nearest * dy);
}
