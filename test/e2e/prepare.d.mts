/** Types of prepare.mjs, which runs before anything that understands types is installed. */
export const workbench: { readonly folder: string; readonly server: string; readonly node: string };
export function prepare(): { readonly problem?: string; readonly chromium?: string };
export function findChromium(): string | undefined;
