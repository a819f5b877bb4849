/** The card: sound metadata whatever the names, and never a lost word of the user. */
import { describe, expect, it } from "vitest";
import { datasetCard } from "../../../daemon/data/dataset-card.ts";
import type { SyntheticDataset } from "../../../daemon/data/synthetic-dataset.ts";

function datasetOf(names: readonly string[], imageCount = 1): SyntheticDataset {
  // Folders are safe and distinct, whatever the names are.
  const folderOf = (name: string, index: number) => (names.indexOf(name) < index ? `${name}-${index + 1}` : name);
  const classes = names.map((name, index) => ({ name, folder: folderOf(name, index).replace(/[^a-z0-9-]/g, "_") }));
  return {
    title: "Pets",
    method: "loft",
    summary: "one adapter is trained per photo",
    adapterPhotos: {},
    baseModel: { name: "loft-mini", sha256: "ab".repeat(32), license: "openrail" },
    license: "unknown",
    command: "npx loft generate pets.loft.json",
    loftVersion: "0.1.0",
    resolution: 64,
    classes,
    images: classes.flatMap(({ folder }) =>
      Array.from({ length: imageCount }, (_, index) => ({
        classFolder: folder,
        number: index + 1,
        sha256: "",
        prompt: "",
        negativePrompt: "",
        seed: 0,
        steps: 1,
        guidanceScale: 1,
        scheduler: "ddim",
        adapters: [],
        sourcePhotos: [],
      })),
    ),
  };
}

const card = datasetCard(datasetOf(["cat", "dog"]));
const grown = datasetOf(["cat", "dog", "owl"]);

describe("a new card", () => {
  it("opens with metadata and names labels in both places that are read", () => {
    expect(card.startsWith("---\n# loft:begin")).toBe(true);
    expect(card.match(/ {10}'0': "cat"\n {10}'1': "dog"\n/g)).toHaveLength(2);
    expect(card).toContain('license: "unknown"\n');
    expect(card).toContain("    path: data/train/**\n");
    expect(card).toContain("| 1 | dog | `dog` | 1 |");
  });

  it.each([
    [1, "n<1K"],
    [999, "n<1K"],
    [1000, "1K<n<10K"],
    [10_000, "10K<n<100K"],
  ])("says how large %i images are: %s", (count, category) => {
    expect(datasetCard(datasetOf(["cat"], count))).toContain(`size_categories:\n- ${category}\n`);
  });

  it("escapes names that would break YAML, the table or the markup", () => {
    const text = datasetCard(datasetOf(['a "b": #c', "x|y", "<script>\n", "\u0085nel"]));
    expect(text).toContain('"a \\"b\\": #c"');
    expect(text).toContain("| x\\|y |");
    expect(text).toContain('"\\u0085nel"');
    expect(text.slice(text.indexOf("\n---\n"))).not.toContain("<script>");
  });

  it("labels by folder when two classes have one name", () => {
    expect(datasetCard(datasetOf(["cat", "cat"]))).toContain("'0': \"cat\"\n          '1': \"cat-2\"");
  });

  it("fences a command that holds fences", () => {
    expect(datasetCard({ ...datasetOf(["cat"]), command: "echo ```" })).toContain("````sh\necho ```\n````");
  });
});

describe("an existing card", () => {
  const fresh = datasetCard(grown);
  it.each([
    ["ours, unchanged", card, fresh],
    ["empty", " \n", fresh],
    ["ours with words around it", `${card}\nMine.\n`, `${fresh}\nMine.\n`],
    [
      "ours with metadata added",
      card.replace("---\n", "---\nlanguage: en\n"),
      fresh.replace("---\n", "---\nlanguage: en\n"),
    ],
    ["ours with Windows line ends", card.replaceAll("\n", "\r\n"), undefined],
    ["by hand, without metadata", "# Mine\nText.\n", undefined],
    ["by hand, with metadata", "---\nlicense: mit\n---\n# Mine\nText.\n", undefined],
    ["ours with a marker lost", `${card.replace("<!-- loft:end -->", "")}\nMine.\n`, undefined],
    ["a rule, no metadata", "# Mine\n\n---\n\nText.\n", undefined],
  ])("%s: gets the new facts once, and writing again changes nothing", (_, existing, expected) => {
    const merged = datasetCard(grown, existing);
    if (expected !== undefined) expect(merged).toBe(expected);
    expect(merged).toContain("| 2 | owl | `owl` | 1 |");
    expect(datasetCard(grown, merged)).toBe(merged);
    for (const word of ["Mine", "Text.", "language: en", "license: mit"])
      expect(merged.includes(word)).toBe(existing.includes(word));
  });

  it("keeps the metadata block of a card written by hand", () => {
    const merged = datasetCard(grown, "---\nlicense: mit\n---\n# Mine\n");
    expect(merged.startsWith("---\nlicense: mit\n---\n# Mine\n")).toBe(true);
    expect(merged).not.toContain("dataset_info");
  });
});
