/** The schema as features need it: what is said of the field at a path. */
import type { Node } from "jsonc-parser";
import schema from "../../schemas/loft.schema.json";
import { nodeAt } from "../config/parse.ts";
import type { Path } from "../config/problem.ts";

/** The parts of a schema that the editor shows. */
export type FieldText = {
  readonly title?: string;
  readonly description?: string;
  readonly markdownDescription?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly enumDescriptions?: readonly string[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, FieldText>>;
  readonly additionalProperties?: boolean | FieldText;
  readonly items?: FieldText;
  readonly oneOf?: readonly FieldText[];
  readonly "x-default"?: string;
  readonly "x-official"?: unknown;
  readonly "x-paper"?: unknown;
  readonly "x-unit"?: string;
};

/** The schema of a whole configuration. */
export const configSchema = schema as FieldText;

/**
 * What the schema says of a path; undefined for what it does not know.
 * @param tree decides between the kinds of a group by its key `kind`
 */
export function fieldAt(path: Path, tree: Node | undefined): FieldText | undefined {
  return path.reduce<FieldText | undefined>((group, part, depth) => {
    if (group === undefined) return undefined;
    if (typeof part === "number") return group.items;
    const branch =
      group.oneOf === undefined ? group : chosenKind(group.oneOf, nodeAt(tree, path.slice(0, depth)), part);
    const known = branch?.properties !== undefined && Object.hasOwn(branch.properties, part);
    if (known) return branch.properties?.[part];
    return typeof branch?.additionalProperties === "object" ? branch.additionalProperties : undefined;
  }, configSchema);
}

/** The kind that the group says it is, else the first one that has the key. */
function chosenKind(kinds: readonly FieldText[], group: Node | undefined, key: string): FieldText | undefined {
  const kind = nodeAt(group, ["kind"])?.value as unknown;
  const said = kinds.find(({ properties }) => properties?.kind?.const === kind && kind !== undefined);
  return said ?? kinds.find(({ properties }) => properties !== undefined && Object.hasOwn(properties, key));
}
