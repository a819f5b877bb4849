/** What the validator of `*.loft.json` answers. Made from schemas/loft.schema.json by `npm run generate`. Do not edit. */
export type SchemaError = {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly parentSchema: Readonly<Record<string, unknown>>;
  readonly data: unknown;
};

/** Whether `value` follows the schema; afterwards `validate.errors` holds each place where it does not. */
export const validate: {
  (value: unknown): boolean;
  errors: readonly SchemaError[] | null;
};
