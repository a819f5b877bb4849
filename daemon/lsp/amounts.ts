/** Durations and values in words, as exact as a glance needs. */

/** `about 40 s`, `about 26 min`, `about 3 h 20 min`, `about 5 days`. */
export function aboutDuration(seconds: number): string {
  if (seconds < 1) return "less than 1 s";
  if (seconds < 59.5) return `about ${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `about ${minutes} min`;
  if (minutes < 10 * 60)
    return `about ${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? "" : ` ${minutes % 60} min`}`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `about ${hours} h` : `about ${Math.round(hours / 24)} days`;
}

/** A value as it stands in a configuration, on one line and at most `longest` characters. */
export function valueText(value: unknown, longest = 80): string {
  const text = jsonText(value);
  return text.length <= longest ? text : `${[...text].slice(0, longest - 1).join("")}…`;
}

function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "";
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${jsonText(member)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}
