/** What kind of file some bytes are, by their first bytes; the file name's ending is never asked. */

/** Kinds that a photo may have, and kinds that get an advice of their own. */
export type ImageKind = PhotoKind | UnsupportedKind;
export type PhotoKind = "png" | "jpeg" | "webp" | "gif" | "tiff" | "avif";
export type UnsupportedKind = "bmp" | "heic" | "jpeg-xl" | "jpeg-2000" | "psd" | "icon" | "svg";

const photoKinds: ReadonlySet<string> = new Set<PhotoKind>(["png", "jpeg", "webp", "gif", "tiff", "avif"]);

/** How many bytes `imageKind` wants to see; fewer are fine. */
export const imageKindBytes = 512;

/** Whether the bundled decoder reads this kind. SVG is left out on purpose: a drawing with scripts is no photo. */
export function isPhotoKind(kind: ImageKind | undefined): kind is PhotoKind {
  return kind !== undefined && photoKinds.has(kind);
}

/** The kind of image that starts with `head`, or undefined when it is none we know. */
export function imageKind(head: Uint8Array): ImageKind | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, imageKindBytes)).toString("latin1");
  return signatures.find(([, matches]) => matches(text))?.[0];
}

type Signature = (head: string) => boolean;

/** Signatures from the formats' specifications; a head is Latin-1 text, one character a byte. */
const signatures: readonly (readonly [ImageKind, Signature])[] = [
  ["png", startsWithAny("\x89PNG\r\n\x1a\n")],
  ["jpeg", startsWithAny("\xff\xd8\xff")],
  ["gif", startsWithAny("GIF87a", "GIF89a")],
  ["webp", (head) => head.startsWith("RIFF") && head.startsWith("WEBP", 8)],
  ["tiff", startsWithAny("II*\0", "MM\0*", "II+\0", "MM\0+")],
  ["avif", (head) => /avif|avis/.test(brandsOf(head))],
  ["heic", (head) => /hei[cxms]|hev[cxms]|mif1|msf1/.test(brandsOf(head))],
  ["jpeg-xl", startsWithAny("\xff\x0a", "\0\0\0\x0cJXL ")],
  ["jpeg-2000", startsWithAny("\0\0\0\x0cjP  ", "\xff\x4f\xff\x51")],
  ["psd", startsWithAny("8BPS")],
  ["icon", (head) => startsWithAny("\0\0\x01\0", "\0\0\x02\0")(head) && head[4] !== "\0" && head[5] === "\0"],
  ["bmp", (head) => head.startsWith("BM") && head.startsWith("\0\0\0", 15)],
  ["svg", (head) => head.trimStart().startsWith("<") && /<svg[\s>]/i.test(head)],
];

function startsWithAny(...starts: readonly string[]): Signature {
  return (head) => starts.some((start) => head.startsWith(start));
}

/** The brands in the `ftyp` box that opens files of the HEIF family (ISO/IEC 14496-12), or nothing. */
function brandsOf(head: string): string {
  return head.startsWith("ftyp", 4) ? head.slice(8, Math.min(head.charCodeAt(3), 64)) : "";
}
