/** Values as comma-separated text (RFC 4180). Pure. */

/** One line for each list; null is an empty field. */
export function csvText(lines: readonly (readonly (string | number | null)[])[]): string {
  return `${lines.map((line) => line.map(csvField).join(",")).join("\n")}\n`;
}

/** Words that a spreadsheet would take for a formula are kept words by an apostrophe. */
function csvField(value: string | number | null): string {
  if (typeof value === "number") return String(value);
  const text = value === null ? "" : /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
