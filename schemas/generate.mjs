/**
 * Makes schemas/generated/ from loft.schema.json: the types, the defaults and a validator without run-time dependencies;
 * and the table of fields in README.md.
 *
 *   node schemas/generate.mjs [--check]     --check writes nothing and fails when a generated file is stale
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import standalone from "ajv/dist/standalone/index.js";
import { compile } from "json-schema-to-typescript";
import { readmeWithFields } from "./readme-fields.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const banner = "Made from schemas/loft.schema.json by `npm run generate`. Do not edit.";
const schema = JSON.parse(readFileSync(join(root, "schemas", "loft.schema.json"), "utf8"));

const files = {
  "schemas/generated/loft-config.ts": await typesText(),
  "schemas/generated/loft-defaults.ts": defaultsText(),
  "schemas/generated/validate.mjs": validatorText(),
  "schemas/generated/validate.d.mts": declarationText(),
  "README.md": await readmeWithFields(readFileSync(join(root, "README.md"), "utf8"), schema),
};

if (process.argv.includes("--check")) checkFiles();
else writeFiles();

/** The types of the file as a user may write it. */
async function typesText() {
  const text = await compile(typed(schema), "LoftConfig", {
    bannerComment: `/** The types of \`*.loft.json\`. ${banner} */`,
    additionalProperties: false,
    ignoreMinAndMaxItems: true,
    format: true,
    style: { printWidth: 120 },
  });
  return text.replace(/[ \t]+$/gm, "");
}

/** The schema with type names on the groups only: the generator would otherwise export an alias for each field. */
function typed(node, isRoot = true) {
  if (Array.isArray(node)) return node.map((item) => typed(item, false));
  if (node === null || typeof node !== "object") return node;
  const { title, discriminator, markdownDescription, $id, ...rest } = node;
  const copy = Object.fromEntries(Object.entries(rest).map(([key, member]) => [key, typed(member, false)]));
  if (typeof title !== "string") return title === undefined ? copy : { ...copy, title: typed(title, false) };
  if (isRoot) return { ...copy, title: "LoftConfig" };
  const names = { "Adapter weights": "WeightsConfig" };
  return names[title] === undefined ? copy : { ...copy, title: names[title] };
}

/** The fields whose default does not depend on a preset, with literal types. */
function defaultsText() {
  const body = JSON.stringify(defaultsOf(schema), null, 2);
  return `/** The defaults that no preset decides. ${banner} */\nexport const loftDefaults = ${body} as const;\n`;
}

function defaultsOf(node) {
  const entries = Object.entries(node.properties ?? {}).flatMap(([key, member]) => {
    if (member.default !== undefined) return [[key, member.default]];
    const inner = defaultsOf(member);
    return Object.keys(inner).length === 0 ? [] : [[key, inner]];
  });
  return Object.fromEntries(entries);
}

/** An ES module that exports `validate`; it imports nothing. */
function validatorText() {
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    discriminator: true,
    strict: true,
    strictTypes: false,
    allowUnionTypes: true,
    keywords: [
      "markdownDescription",
      "enumDescriptions",
      "x-unit",
      "x-paper",
      "x-official",
      "x-default",
      "x-aliases",
      "x-path",
    ],
    code: { source: true, esm: true },
  });
  const text = standalone.default(ajv, { validate: addSchema(ajv) });
  if (/\brequire\(|^import\b/m.test(text)) throw new Error("The validator would need a package at run time.");
  return `/** The validator of \`*.loft.json\`. ${banner} */\n${text}\n`;
}

function addSchema(ajv) {
  ajv.addSchema(schema);
  return schema.$id;
}

function declarationText() {
  return `/** What the validator of \`*.loft.json\` answers. ${banner} */
export type SchemaError = {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly parentSchema: Readonly<Record<string, unknown>>;
  readonly data: unknown;
};

/** Whether \`value\` follows the schema; afterwards \`validate.errors\` holds each place where it does not. */
export const validate: {
  (value: unknown): boolean;
  errors: readonly SchemaError[] | null;
};
`;
}

function writeFiles() {
  mkdirSync(join(root, "schemas", "generated"), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(root, file), text);
}

function checkFiles() {
  const stale = Object.entries(files).filter(([file, text]) => readText(file) !== text);
  for (const [file] of stale) console.error(`${file} is stale: run \`npm run generate\`.`);
  if (0 < stale.length) process.exitCode = 1;
}

function readText(file) {
  try {
    return readFileSync(join(root, file), "utf8");
  } catch {
    return undefined;
  }
}
