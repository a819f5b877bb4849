/** Names on the Hub: which are sound, and which paths from a server may become paths on this disk. Pure. */

const namePart = /^(?!.*(--|\.\.))[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?$/;

/** Whether a text is OWNER/NAME by the Hub's rules (huggingface_hub, `validate_repo_id`). */
export function isRepositoryName(text: string): boolean {
  const parts = text.split("/");
  return parts.length === 2 && parts.every((part) => namePart.test(part)) && !text.endsWith(".git");
}

/** Whether a text can be a branch, a tag or a commit (git-check-ref-format, in short). */
export function isRevision(text: string): boolean {
  return /^(?!.*(\.\.|\/\/|@\{))[A-Za-z0-9_][A-Za-z0-9_./+@-]{0,199}$/.test(text) && !text.endsWith("/");
}

/** Whether a text is a commit's whole name. */
export function isCommit(text: unknown): text is string {
  return typeof text === "string" && /^[0-9a-f]{40}$/.test(text);
}

/** Whether a text is a SHA-256 in lower-case hexadecimal digits. */
export function isSha256(text: unknown): text is string {
  return typeof text === "string" && /^[0-9a-f]{64}$/.test(text);
}

/**
 * Whether a server's file path stays inside a folder on every operating system: relative, forward slashes, no empty part,
 * no `.` or `..`, no drive, no control character.
 */
export function isSafePath(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there.
  if (path === "" || 1000 < path.length || /[\u0000-\u001f\u007f\\:]/.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}
