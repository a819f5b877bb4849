/** The fields of the schema as a list: what a mistyped key may have meant, and the default of each. */
import schema from "../../schemas/loft.schema.json";
import { closest, plainSpelling } from "./suggest.ts";

/** The parts of a schema that this folder reads. */
export type FieldSchema = {
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
  readonly enum?: readonly unknown[];
  readonly examples?: readonly unknown[];
  readonly "x-aliases"?: readonly string[];
  /** The text is a path relative to its file, or a name that may be a path instead. */
  readonly "x-path"?: "path" | "name-or-path";
};

/** A field and the groups around it, e.g. ["training", "steps"]. */
export type Field = { readonly path: readonly string[]; readonly schema: FieldSchema };

/** Every field and group of a configuration, in the order of the schema. */
export const configFields: readonly Field[] = fieldsOf(schema as FieldSchema, []);

/** The schema of a field or group; undefined for what the schema does not know. */
export function configFieldSchema(path: readonly string[]): FieldSchema | undefined {
  return path.reduce<FieldSchema | undefined>(
    (group, name) => (Object.hasOwn(group?.properties ?? {}, name) ? group?.properties?.[name] : undefined),
    schema as FieldSchema,
  );
}

/**
 * Where a key that the group does not know probably belongs: a key of the same group, else one of another group.
 * Other tools' words for a field (`lr`, `max_train_steps`) count as its name.
 * @param group the schema of the group in which the key stands
 * @returns the path from the group for a key of the same group, else from the root
 */
export function meantField(key: string, group: FieldSchema): readonly string[] | undefined {
  const siblings = Object.entries(group.properties ?? {}).map(([name, field]) => ({ path: [name], schema: field }));
  return (
    siblings.find((field) => isCalled(field, key))?.path ??
    configFields.find((field) => isCalled(field, key))?.path ??
    nearest(siblings, key) ??
    nearest(configFields, key)
  );
}

function fieldsOf(group: FieldSchema, path: readonly string[]): readonly Field[] {
  return Object.entries(group.properties ?? {}).flatMap(([name, field]) => {
    const inner = [...path, name];
    return [{ path: inner, schema: field }, ...fieldsOf(field, inner)];
  });
}

function isCalled({ path, schema: field }: Field, key: string): boolean {
  const names = [path.at(-1) as string, ...(field["x-aliases"] ?? [])];
  return names.some((name) => plainSpelling(name) === plainSpelling(key));
}

function nearest(fields: readonly Field[], key: string): readonly string[] | undefined {
  const name = closest(
    key,
    fields.map(({ path }) => path.at(-1) as string),
  );
  return fields.find(({ path }) => path.at(-1) === name)?.path;
}
