/** Static shapes: sizes known when the graph is built. */
import { loftError } from "../../base/errors.ts";

export type Shape = readonly number[];

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

export function sameShape(left: Shape, right: Shape): boolean {
  return left.length === right.length && left.every((size, axis) => size === right[axis]);
}

/** `[2, 3]` as text. */
export function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** An axis counted from the end when negative, as a plain index; throws when out of range. */
export function axisOf(shape: Shape, axis: number): number {
  const index = axis < 0 ? axis + shape.length : axis;
  if (index < 0 || shape.length <= index) {
    throw shapeError("axis", `axis ${axis} does not exist in shape ${showShape(shape)}.`);
  }
  return index;
}

/**
 * The shape two operands broadcast to (NumPy rules).
 * @throws LoftError "shape-mismatch"
 */
export function broadcastShapes(op: string, left: Shape, right: Shape): Shape {
  const rank = Math.max(left.length, right.length);
  return Array.from({ length: rank }, (_, axis) => {
    const leftSize = left[axis - rank + left.length] ?? 1;
    const rightSize = right[axis - rank + right.length] ?? 1;
    if (leftSize !== rightSize && leftSize !== 1 && rightSize !== 1) {
      throw shapeError(op, `${showShape(left)} and ${showShape(right)} do not broadcast.`);
    }
    return leftSize === 1 ? rightSize : leftSize;
  });
}

/** The error every shape rule throws: which operation, what was given. */
export function shapeError(op: string, what: string) {
  return loftError("shape-mismatch", {
    what: `${op}: ${what}`,
    fix: "Check that model, adapter and image sizes belong together; if they do, this is a bug of LoFT: please report it.",
  });
}
