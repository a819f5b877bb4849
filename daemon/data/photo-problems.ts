/** What can be wrong with a folder of photos, and what the user does about it. Values, never exceptions. */

/** Whether the thing at `path` is not used at all, or used as the message says. */
export type ProblemEffect = "left-out" | "note";

/** One finding about a file or folder; `path` is relative to the folder of photos, with forward slashes. */
export type PhotoProblem = {
  readonly code: PhotoProblemCode;
  readonly effect: ProblemEffect;
  readonly path: string;
  readonly message: string;
  readonly fix: string;
};

export type PhotoProblemCode = keyof typeof photoProblemCodes;

/** The permanent codes with their effect and advice. Codes are never renamed or reused. */
export const photoProblemCodes = {
  "class-empty": ["left-out", "Put photos of this class into the folder, or remove the folder."],
  "class-single": ["note", "Add a folder for each further class if a classifier is to be trained on the result."],
  "folder-nested": ["left-out", "Move its photos up into the class folder: folders inside a class are not read."],
  "folder-unreadable": ["left-out", "Make the folder readable, or remove it."],
  "link-broken": ["left-out", "Mend or remove the link."],
  "photo-outside-class": ["left-out", "Move it into the folder of its class."],
  "photo-unreadable": ["left-out", "Make the file readable (permissions, disk), or remove it."],
  "photo-empty": ["left-out", "Replace it by a good copy, or remove it."],
  "photo-damaged": ["left-out", "Replace it by a good copy, or open it in an image editor and save it again."],
  "photo-too-large": ["left-out", "Save a smaller version: training needs far fewer pixels."],
  "photo-unsupported": ["left-out", "Save it as PNG, JPEG or WebP."],
  "photo-duplicate": ["left-out", "Remove one of the two: a copy teaches nothing new."],
  "photo-in-two-classes": ["note", "Keep it in the class it belongs to: the classes get mixed up otherwise."],
  "photo-animated": ["note", "Save the frame you want as PNG if it is another one."],
  "not-a-photo": ["left-out", "Remove it from the class folder; pictures are known by content, not by name."],
} as const satisfies Readonly<Record<string, readonly [ProblemEffect, string]>>;

/** A problem with the effect and advice of its code. */
export function photoProblem(code: PhotoProblemCode, path: string, message: string): PhotoProblem {
  const [effect, fix] = photoProblemCodes[code];
  return { code, effect, path, message, fix };
}
