/** Content hashes: the identity of files, parameters and tasks. */
import { createHash } from "node:crypto";

/** Anything JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

type JsonObject = { readonly [key: string]: Json | undefined };

/** SHA-256 of bytes or text, 64 hexadecimal digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** JSON with sorted keys and without `undefined`, so that equal values give equal text. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  return objectText(membersOf(value as JsonObject));
}

/** SHA-256 of a value's canonical JSON. */
export function hashOf(value: Json): string {
  return sha256(canonicalJson(value));
}

/** `hashOf` for objects that have some members in common: the text of these is made once. No member may be on both sides. */
export function hashWith(shared: JsonObject): (own: JsonObject) => string {
  const known = membersOf(shared);
  return (own) => sha256(objectText([...known, ...membersOf(own)]));
}

/** A member by its key: `"key":value`. */
type Member = readonly [key: string, text: string];

function membersOf(value: JsonObject): Member[] {
  const members: Member[] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) members.push([key, `${JSON.stringify(key)}:${canonicalJson(member)}`]);
  }
  return members;
}

function objectText(members: Member[]): string {
  members.sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${members.map(([, text]) => text).join(",")}}`;
}
