/**
 * The dataset card `README.md`: metadata that Hugging Face reads, and a text for people. Pure. What stands between the
 * markers is ours and written anew; everything else in the file belongs to the user and stays.
 */
import { metadataColumns } from "./metadata-lines.ts";
import { datasetPaths, type LabeledClass, labelClasses, type SyntheticDataset } from "./synthetic-dataset.ts";

/** Lines between which a part of the card is written anew. YAML has its own, since HTML comments are no YAML. */
type Markers = { readonly begin: string; readonly end: string };

const yamlMarkers: Markers = { begin: "# loft:begin (written by LoFT; edit outside)", end: "# loft:end" };
const textMarkers: Markers = { begin: "<!-- loft:begin (written by LoFT; edit outside) -->", end: "<!-- loft:end -->" };

/**
 * The card of `dataset`, merged into `existing` if there is a card already: generated parts are replaced, and a card
 * without them (written by hand) gets the text appended and keeps its own metadata block.
 */
export function datasetCard(dataset: SyntheticDataset, existing?: string): string {
  const metadata = marked(yamlMarkers, cardMetadata(dataset));
  const text = marked(textMarkers, cardText(dataset));
  if (existing === undefined || existing.trim() === "") return `---\n${metadata}\n---\n\n${text}\n`;
  return withText(withMetadata(existing, metadata), text);
}

function marked({ begin, end }: Markers, content: string): string {
  return `${begin}\n${content}\n${end}`;
}

function withMetadata(card: string, metadata: string): string {
  const front = /^---\r?\n([\s\S]*?)\r?\n---(\r?\n|$)/.exec(card);
  if (front === null) return `---\n${metadata}\n---\n\n${card}`;
  return (replaceMarked(front[0], yamlMarkers, metadata) ?? front[0]) + card.slice(front[0].length);
}

function withText(card: string, text: string): string {
  return replaceMarked(card, textMarkers, text) ?? `${card.trimEnd()}\n\n${text}\n`;
}

/** `text` with the first complete marked part replaced, or undefined when it has none. */
function replaceMarked(text: string, { begin, end }: Markers, replacement: string): string | undefined {
  // Only the tag counts, so that the hint behind it may change between versions.
  const [beginTag, endTag] = [begin.slice(0, begin.indexOf(":begin") + 6), end];
  const endAt = text.indexOf(endTag);
  const beginAt = endAt < 0 ? -1 : text.lastIndexOf(beginTag, endAt);
  if (beginAt < 0) return undefined;
  return text.slice(0, beginAt) + replacement + text.slice(endAt + endTag.length);
}

function cardMetadata(dataset: SyntheticDataset): string {
  const classes = labelClasses(dataset);
  return [
    `license: ${yamlText(dataset.license)}`,
    `pretty_name: ${yamlText(dataset.title)}`,
    "task_categories:",
    "- image-classification",
    "size_categories:",
    `- ${sizeCategory(dataset.images.length)}`,
    "tags:",
    "- synthetic",
    "- loft",
    // `features` of a configuration is what loading goes by, `dataset_info` what the hub shows.
    "configs:",
    "- config_name: default",
    "  data_files:",
    "  - split: train",
    `    path: ${datasetPaths.train}/**`,
    ...featureLines(classes),
    "dataset_info:",
    ...featureLines(classes),
  ].join("\n");
}

function featureLines(classes: readonly LabeledClass[]): readonly string[] {
  const columns = metadataColumns.flatMap(([name, type]) => {
    const head = `  - name: ${name}`;
    if (type === "label") return [head, "    dtype:", "      class_label:", "        names:", ...labelLines(classes)];
    return [head, type.endsWith("[]") ? `    list: ${type.slice(0, -2)}` : `    dtype: ${type}`];
  });
  return ["  features:", "  - name: image", "    dtype: image", ...columns];
}

/** Equal names would make the labels unreadable; then the folders, which differ, stand for them. */
function labelLines(classes: readonly LabeledClass[]): readonly string[] {
  const distinct = new Set(classes.map(({ name }) => name)).size === classes.length;
  return classes.map(({ index, name, folder }) => `          '${index}': ${yamlText(distinct ? name : folder)}`);
}

/** A JSON string is a YAML string, once the characters that YAML does not print are escaped. */
function yamlText(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The hub's classes of size. */
function sizeCategory(count: number): string {
  if (count < 1_000) return "n<1K";
  if (count < 10_000) return "1K<n<10K";
  if (count < 100_000) return "10K<n<100K";
  return count < 1_000_000 ? "100K<n<1M" : "1M<n<10M";
}

function cardText(dataset: SyntheticDataset): string {
  const { images, baseModel, resolution } = dataset;
  const classes = labelClasses(dataset);
  const photos = [
    ...images.flatMap(({ sourcePhotos }) => sourcePhotos),
    ...Object.values(dataset.adapterPhotos).flat(),
  ];
  const photoCount = new Set(photos.map(({ sha256 }) => sha256)).size;
  const source = photoCount === 0 ? "without real photos" : `from ${photoCount} real photos`;
  return [
    `# ${plainLine(dataset.title)}`,
    `${images.length} synthetic images of ${classes.length} ${classes.length === 1 ? "class" : "classes"}, ${resolution} x ${resolution} pixels, for training image classifiers. Every image was generated by a model; none is a photo.`,
    "## Classes",
    classTable(classes),
    "## How it was made",
    `Made with [LoFT](https://arxiv.org/abs/2505.11703) (method \`${codeText(dataset.method)}\`, version ${plainLine(dataset.loftVersion)}) ${source}: ${dataset.summary}.`,
    fenced(dataset.command),
    `\`${datasetPaths.metadata}\` says for each image its prompt, seed, adapters with weights and real photos; \`${datasetPaths.manifest}\` has the SHA-256 of every file. The same facts are inside each PNG, with the IPTC mark for media made by a trained model.`,
    "## Load it",
    fenced(
      'from datasets import load_dataset\ndataset = load_dataset("PATH-OF-THIS-FOLDER", split="train")\n\nfrom torchvision.datasets import ImageFolder\ndataset = ImageFolder("PATH-OF-THIS-FOLDER/data/train")',
      "python",
    ),
    `Both number the classes as \`${datasetPaths.classes}\` does. \`datasets\` needs the folder of this card: from inner folders it guesses splits by folder names, and a class called \`train\` or \`test\` is then taken for one.`,
    "## Licenses",
    [
      `- Base model: ${plainLine(baseModel.name)} (\`${baseModel.sha256.slice(0, 12)}\`), license: ${plainLine(baseModel.license)}. Its license may restrict what generated images may be used for.`,
      `- Real photos: ${plainLine(dataset.photoLicense ?? "not stated; whoever publishes this set must make sure that it is allowed")}.`,
      `- This set: ${plainLine(dataset.license)}.`,
    ].join("\n"),
    "## Known limits",
    "Synthetic images repeat the biases of the base model and of the few photos they come from, and may resemble those photos closely. Measure on real images.",
  ].join("\n\n");
}

function classTable(classes: readonly LabeledClass[]): string {
  const rows = classes.map(
    ({ index, name, folder, imageCount }) => `| ${index} | ${cell(name)} | \`${folder}\` | ${imageCount} |`,
  );
  return ["| Index | Class | Folder | Images |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** Names come from users: one line, and no markup of their own. */
function plainLine(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[<>]/g, (character) => (character === "<" ? "&lt;" : "&gt;"));
}

function cell(text: string): string {
  return plainLine(text).replaceAll("|", "\\|");
}

function codeText(text: string): string {
  return text.replace(/[`\s]+/g, " ");
}

/** A code block whose fence is longer than any inside. */
function fenced(text: string, language = "sh"): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}
