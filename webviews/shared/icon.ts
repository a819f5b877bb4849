/** Codicons by name, drawn with the font that the host's stylesheet brings. Always decoration: the words stand beside. */
import { css, html, type TemplateResult } from "lit";

const glyphs = {
  "arrow-left": "\uea9b",
  check: "\ueab2",
  "chevron-left": "\ueab5",
  "chevron-right": "\ueab6",
  close: "\uea76",
  copy: "\uebcc",
  down: "\uea9a",
  error: "\uea87",
  "eye-closed": "\ueae7",
  failed: "\uea87",
  graph: "\uebe2",
  image: "\ueaea",
  open: "\ueb14",
  paused: "\ueacf",
  pass: "\ueba4",
  play: "\ueb2c",
  queued: "\ueb7c",
  rerun: "\uebc0",
  "run-all": "\ueb9e",
  running: "\uea77",
  stop: "\uead7",
  table: "\uebb7",
  target: "\uebf8",
  up: "\ueaa1",
  warning: "\uea6c",
  "zoom-in": "\ueb81",
} as const;

export type IconName = keyof typeof glyphs;

export function icon(name: IconName, slot = ""): TemplateResult {
  return html`<span class="icon icon-${name}" aria-hidden="true" slot=${slot}>${glyphs[name]}</span>`;
}

export const iconStyles = css`
  .icon {
    display: inline-block;
    flex: none;
    font: normal normal normal 16px / 1 codicon;
    text-rendering: auto;
    -webkit-font-smoothing: antialiased;
    user-select: none;
  }
`;
