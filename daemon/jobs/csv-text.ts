/** Values as comma-separated text (RFC 4180). Pure. */

/** One line for each list; null is an empty field. */
export function csvText(lines: readonly (readonly (string | number | null)[])[]): string {
  return `${lines.map((line) => line.map(csvField).join(",")).join("\n")}\n`;
}

function csvField(value: string | number | null): string {
  const text = value === null ? "" : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
