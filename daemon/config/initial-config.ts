/** The text of a new `*.loft.json`: as little as needed, the rest comes from the preset. */

/** What `loft init` knows about a folder of photos. */
export type InitialConfig = {
  readonly name: string;
  /** The folder of photos, relative to the new file; either slash. */
  readonly dataFolder: string;
  /** The names of its class folders. */
  readonly classFolders: readonly string[];
  /** The run folder, relative to the new file, where the usual place will not do. */
  readonly outputFolder?: string;
  /** Where the editor finds the schema: a path relative to the new file, or a URL. */
  readonly schema: string;
};

/** A minimal configuration; class names are proposed where a folder's name is no plain word. */
export function initialConfigText({ name, dataFolder, classFolders, outputFolder, schema }: InitialConfig): string {
  const proposals = classFolders.map((folder) => [folder, readableName(folder)] as const);
  const names = proposals.map(([, readable]) => readable);
  const isUseful = ([folder, readable]: readonly [string, string]) =>
    readable !== folder && names.filter((other) => other === readable).length === 1;
  const classNames = Object.fromEntries(proposals.filter(isUseful));
  const data = {
    folder: dataFolder.replaceAll("\\", "/").replace(/(?<=.)\/+$/, ""),
    ...(Object.keys(classNames).length === 0 ? {} : { classNames }),
  };
  const output = outputFolder === undefined ? {} : { output: { folder: outputFolder } };
  return `${JSON.stringify({ $schema: schema, name, data, ...output }, null, 2)}\n`;
}

/** `apple_pie` reads "apple pie", `AnnualCrop` "annual crop", `001.Black_Bird` "Black Bird"; other names stay. */
function readableName(folder: string): string {
  const words = folder
    .replace(/^\d+[._-]+(?=\p{L})/u, "")
    .replace(/[_-]+/g, " ")
    .trim();
  if (!/^(\p{Lu}\p{Ll}+){2,}$/u.test(words)) return words === "" ? folder : words;
  return words.replace(/(?<=\p{Ll})(?=\p{Lu})/gu, " ").toLowerCase();
}
