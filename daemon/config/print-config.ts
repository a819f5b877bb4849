/** The resolved configuration as text: each value, who decided it, and where it was found. */
import { type Resolution, resolvedFields } from "./resolve.ts";

/** One line per field: path, value, origin; columns aligned. */
export function printResolvedConfig({ config, origins }: Resolution): string {
  const rows = resolvedFields(config).map(([path, value]) => {
    const origin = origins[path];
    const from = origin?.from === "preset" ? `preset ${config.preset}: ${origin.source}` : (origin?.source ?? "");
    return [path, JSON.stringify(value), from] as const;
  });
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  const lines = rows.map(
    ([path, value, from]) => `${path.padEnd(widths[0] ?? 0)}  ${value.padEnd(widths[1] ?? 0)}  ${from}`,
  );
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}
