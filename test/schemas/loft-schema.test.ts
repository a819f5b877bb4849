/** The schema tells each field's whole story, agrees with the preset `paper`, and its generated files are fresh. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { presetValues } from "../../daemon/config/preset.ts";
import { methods } from "../../daemon/pipeline/methods/methods.ts";
import { presets } from "../../daemon/pipeline/presets.ts";
import schema from "../../schemas/loft.schema.json";

type Node = Readonly<Record<string, unknown>> & {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly oneOf?: readonly Node[];
};

type Field = { readonly path: string; readonly node: Node };

function nodesOf(node: Node, path = ""): readonly Field[] {
  const branches = (node.oneOf ?? []).flatMap((branch) => nodesOf(branch, path));
  const properties = Object.entries(node.properties ?? {}).flatMap(([key, member]) => {
    const inner = path === "" ? key : `${path}.${key}`;
    return [{ path: inner, node: member }, ...nodesOf(member, inner)];
  });
  return [...branches, ...properties];
}

const all = nodesOf(schema as unknown as Node);
const fields = all.filter(({ node }) => node.properties === undefined);
const groups = [{ path: "root", node: schema as unknown as Node }, ...all.filter(({ node }) => node.properties)];

describe("schema", () => {
  test("has every group of a configuration", () => {
    expect(groups.map(({ path }) => path)).toEqual([
      "root",
      "data",
      "prompt",
      "adapter",
      "training",
      "fusion",
      "sampling",
      "output",
      "evaluation",
      "device",
    ]);
    expect(fields.length).toBe(69);
  });

  test.each(groups)("group $path has title and description and takes no unknown key", ({ node }) => {
    expect(node.title).toMatch(/^\p{Lu}/u);
    expect(node.description).toMatch(/[.]$/);
    expect(node.additionalProperties).toBe(false);
  });

  test.each(fields)("field $path has title, description, default or a reason, example, unit", ({ node }) => {
    expect(node.title).toMatch(/^\p{Lu}/u);
    expect(node.description).toMatch(/[.]$/);
    expect((node.default === undefined) !== (node["x-default"] === undefined)).toBe(true);
    expect(node.examples).toBeInstanceOf(Array);
    const types = [node.type].flat();
    if (types.includes("integer") || types.includes("number")) expect(node["x-unit"]).toMatch(/\w/);
  });

  test.each(fields.filter(({ node }) => node["x-official"] !== undefined || node["x-paper"] !== undefined))(
    "field $path tells the published value in its hover text",
    ({ node }) => {
      const text = String(node.markdownDescription);
      expect(text.startsWith(String(node.description).split(/null|\{/)[0] as string)).toBe(true);
      expect(text).toMatch(/Paper: |Official code: /);
      const published = [node["x-official"] ?? node["x-paper"]].flat()[0];
      if (typeof published === "number") expect(numbersIn(text)).toContain(published);
    },
  );

  test("agrees with the preset paper, field by field", () => {
    const paper = Object.entries(presetValues(presets.paper.loft)).flatMap(([group, values]) =>
      Object.entries(values).map(([field, value]) => [`${group}.${field}`, value] as const),
    );
    const published = Object.fromEntries(fields.map(({ path, node }) => [path, node["x-official"]]));
    const { "fusion.weights": weights, ...rest } = Object.fromEntries(paper);
    expect(weights).toEqual({ kind: "fixed" });
    expect(rest).toEqual(Object.fromEntries(Object.keys(rest).map((path) => [path, published[path]])));
  });

  test("a field says that the preset decides exactly where the presets have it", () => {
    const said = fields.filter(({ node }) => node["x-default"] === "from the preset").map(({ path }) => path);
    const has = Object.entries(presets["loft-mini"].loft.table).flatMap(([group, table]) =>
      Object.keys(table).map((field) => `${group}.${field}`),
    );
    expect(said.sort()).toEqual(has.sort());
  });

  test("names the methods and presets that there are", () => {
    expect(schema.properties.method.enum).toEqual(Object.keys(methods));
    expect(schema.properties.preset.enum).toEqual(["auto", ...Object.keys(presets)]);
  });

  test("no two names in a group are spelled alike", () => {
    for (const { node } of groups) {
      const names = Object.entries(node.properties ?? {}).flatMap(([key, member]) => [
        key,
        ...((member["x-aliases"] ?? []) as readonly string[]),
      ]);
      const plain = names.map((name) => name.toLowerCase().replace(/_/g, ""));
      expect(plain.filter((name, index) => index !== plain.indexOf(name))).toEqual([]);
    }
  });

  test("generated files are fresh", () => {
    const script = fileURLToPath(new URL("../../schemas/generate.mjs", import.meta.url));
    expect(execFileSync(process.execPath, [script, "--check"], { encoding: "utf8" })).toBe("");
  });
});

function numbersIn(text: string): readonly number[] {
  return [...text.matchAll(/\d+(\.\d+)?(e-?\d+)?/g)].map(([number]) => Number(number));
}
