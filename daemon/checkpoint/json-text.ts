/** JSON as Python writes it (NaN, Infinity), and a check for names that occur twice. Pure; throws plain SyntaxErrors. */

const stringToken = '"[^"\\\\]*(?:\\\\.[^"\\\\]*)*"';
const nanMark = "\u0000NaN";

/**
 * Parse JSON that may also hold `NaN`, `Infinity` and `-Infinity`, as Python's json module and so diffusers write them
 * (for instance `"lambda_min_clipped": -Infinity`).
 * @throws SyntaxError when the text is not JSON otherwise
 */
export function parsePythonJson(text: string): unknown {
  if (!/NaN|Infinity/.test(text)) return JSON.parse(text);
  const constants = new RegExp(`${stringToken}|-?Infinity|NaN`, "gs");
  const standard = text.replace(constants, (token) => {
    if (token.startsWith('"')) return token;
    // 1e999 is valid JSON and rounds to infinity.
    if (token === "Infinity") return "1e999";
    return token === "NaN" ? JSON.stringify(nanMark) : "-1e999";
  });
  return JSON.parse(standard, (_, value) => (value === nanMark ? Number.NaN : value));
}

/** The first name that occurs twice in one object of a JSON text; JSON.parse would keep the last and say nothing. */
export function duplicateName(text: string): string | undefined {
  const open: Set<string>[] = [];
  let lastString: string | undefined;
  for (const [token] of text.matchAll(new RegExp(`${stringToken}|[{}:]`, "gs"))) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (token === ":") {
      const name = JSON.parse(lastString as string) as string;
      if (open.at(-1)?.has(name)) return name;
      open.at(-1)?.add(name);
    } else lastString = token;
  }
  return undefined;
}

/** Whether a parsed JSON value is an object (not null, not an array). */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
