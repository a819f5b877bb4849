/** The table of configuration fields in README.md, made from loft.schema.json and the presets. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const begin = "<!-- fields:begin (made from schemas/loft.schema.json by `npm run generate`; edit outside) -->";
const end = "<!-- fields:end -->";

/** The README with a fresh table between its marks. Throws when a mark is missing. */
export async function readmeWithFields(readme, schema) {
  const [from, to] = [readme.indexOf(begin), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md needs the marks ${begin} and ${end}.`);
  const table = fieldTable(schema, await readPresets());
  return `${readme.slice(0, from + begin.length)}\n\n${table}\n\n${readme.slice(to)}`;
}

function fieldTable(schema, presets) {
  const rows = fieldsOf(schema).map(([path, field]) => {
    return `| \`${path}\` | ${meaningOf(field)} | ${defaultOf(path, field, presets)} |`;
  });
  return ["| Field | Meaning | Default |", "| --- | --- | --- |", ...rows].join("\n");
}

/** Every field that holds a value, groups left out: [path, schema]. */
function fieldsOf(node, path = "") {
  return Object.entries(node.properties).flatMap(([key, member]) => {
    return member.properties === undefined ? [[`${path}${key}`, member]] : fieldsOf(member, `${path}${key}.`);
  });
}

function meaningOf(field) {
  const choices = field.enum ?? field.items?.enum ?? (field.oneOf && field.examples);
  const oneOf = choices === undefined || choices.length < 2 ? "" : ` Choices: ${choices.map(code).join(", ")}.`;
  return `${field.description}${oneOf}`.replaceAll("|", "\\|");
}

function defaultOf(path, field, presets) {
  if (field.default !== undefined) return code(field.default);
  const [group, key] = path.split(".");
  const ofMethod = (method) => {
    const values = ["paper", "loft-mini"].map((name) => presets[name][method].table[group]?.[key]?.value);
    if (values[0] === undefined) return undefined;
    const [paper, mini] = values.map((value) => withUnit(value, field["x-unit"]));
    return paper === mini ? paper : `${paper}; loft-mini ${mini}`;
  };
  // Methods without adapters have loft's values, which do nothing there.
  const [loft, dataDream] = ["loft", "datadream-class"].map(ofMethod);
  if (loft === undefined) return field["x-default"];
  return loft === dataDream ? loft : `${loft}. DataDream: ${dataDream}`;
}

function withUnit(value, unit) {
  if (value === null) return "none";
  return unit === "px" || unit === "steps" || unit === "epochs" ? `${code(value)} ${unit}` : code(value);
}

function code(value) {
  const text = typeof value === "string" && value !== "" ? value : JSON.stringify(value).replaceAll(/([:,])/g, "$1 ");
  return `\`${text}\``;
}

/** The presets' source is TypeScript: bundled in memory, then imported. */
async function readPresets() {
  const root = join(dirname(fileURLToPath(import.meta.url)), "..");
  const { outputFiles } = await build({
    entryPoints: [join(root, "daemon", "pipeline", "presets.ts")],
    bundle: true,
    format: "esm",
    write: false,
  });
  const { presets } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  return presets;
}
