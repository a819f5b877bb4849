/** The JSON language service with LoFT's schema, loaded when it is first needed: it takes longer to load than to answer. */
import type { JSONDocument, JSONSchema, LanguageService } from "vscode-json-languageservice";
import type { TextDocument } from "vscode-languageserver-textdocument";
import schema from "../../schemas/loft.schema.json";
import type { Analysis } from "./analysis.ts";

export type JsonService = Pick<
  LanguageService,
  "doComplete" | "getFoldingRanges" | "getSelectionRanges" | "findDocumentSymbols2" | "parseJSONDocument"
>;

/** A loader that loads once. */
export function lazyJsonService(): () => Promise<JsonService> {
  let service: Promise<JsonService> | undefined;
  return () => {
    service ??= loadService();
    return service;
  };
}

/**
 * The document as the service reads it. Undefined for text that no tree was made of: empty, or nested so deep that a
 * parser's stack would not hold it.
 */
export function jsonDocumentOf(
  service: JsonService,
  analysis: Analysis,
): { readonly text: TextDocument; readonly json: JSONDocument } | undefined {
  if (analysis.parsed.tree === undefined) return undefined;
  return { text: analysis.document, json: service.parseJSONDocument(analysis.document) };
}

async function loadService(): Promise<JsonService> {
  const { getLanguageService } = await import("vscode-json-languageservice");
  const service = getLanguageService({});
  service.configure({
    allowComments: true,
    // Problems are told by our own validator, in our own words.
    validate: false,
    schemas: [{ uri: schema.$id, fileMatch: ["*"], schema: schema as JSONSchema }],
  });
  return service;
}
