/** The prompt template: text with the placeholders {class} and {domain}. */

export const placeholders = ["class", "domain"] as const;

/** The names between braces in a template, in order. */
export function placeholdersOf(template: string): readonly string[] {
  return [...template.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1] as string);
}

/** The template with its placeholders filled; a domain word brings its own space. Other braces stay. */
export function fillTemplate(template: string, words: { readonly className: string; readonly domain: string }): string {
  const domain = words.domain.trim();
  const filled: Readonly<Record<string, string>> = {
    class: words.className,
    domain: domain === "" ? "" : `${domain} `,
  };
  return template.replace(/\{(class|domain)\}/g, (_, name: string) => filled[name] as string).trim();
}
