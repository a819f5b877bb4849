/** A choice among words, as VS Code draws it. */
import "@vscode-elements/elements/dist/vscode-option/index.js";
import "@vscode-elements/elements/dist/vscode-single-select/index.js";
import { html, type TemplateResult } from "lit";
import { keyed } from "lit/directives/keyed.js";

/** `text` writes an option for people; other options make another element, for it keeps a memory of the old ones. */
export function select(
  label: string,
  options: readonly string[],
  value: string,
  text: (option: string) => string,
  choose: (option: string) => void,
): TemplateResult {
  const chosen = (event: Event) => choose((event.target as HTMLElement & { value: string }).value);
  return html`${keyed(
    options.join("\n"),
    html`<vscode-single-select label=${label} title=${label} .value=${value} @change=${chosen}>
      ${options.map(
        (option) => html`<vscode-option value=${option} ?selected=${option === value}>${text(option)}</vscode-option>`,
      )}
    </vscode-single-select>`,
  )}`;
}
