/** The licenses of the packages that a bundle holds, as text: what their authors ask to be handed on with their code. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @param {import("esbuild").Metafile[]} metafiles of the bundles
 * @param {string} root the project's folder
 * @param {readonly string[]} further packages that are copied in part and not bundled
 * @returns {string} one section per package, sorted by name
 */
export function thirdPartyNotices(metafiles, root, further = []) {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const packages = new Set([...inputs.map(packageFolder), ...further.map((name) => `node_modules/${name}`)]);
  packages.delete(undefined);
  const sections = [...packages].sort().map((folder) => section(join(root, folder)));
  return `LoFT contains code of these packages.\n\n${sections.join("\n")}`;
}

/** `node_modules/@scope/name` of an input file, the innermost where packages lie in packages. */
function packageFolder(input) {
  return input.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0];
}

function section(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^(licen[sc]e|copying)/i.test(entry));
  const text = file !== undefined && existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8") : "";
  const ruler = "-".repeat(80);
  return `${ruler}\n${name} ${version}: ${license ?? "see below"}\n${ruler}\n${text.trim()}\n`;
}
