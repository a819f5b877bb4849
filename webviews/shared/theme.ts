/** What every part of a page looks like: VS Code's colors and fonts only, through its variables. */
import { css } from "lit";

/** Reset, text, focus, links, ranges, and words that only screen readers meet. */
export const baseStyles = css`
  :host {
    display: block;
    box-sizing: border-box;
    min-width: 0;
    color: var(--vscode-foreground);
    font-family: var(--vscode-font-family);
    font-size: var(--vscode-font-size, 13px);
    --edge: var(--vscode-contrastBorder, var(--vscode-panel-border, var(--vscode-widget-border, transparent)));
    --quiet: var(--vscode-descriptionForeground, var(--vscode-foreground));
  }
  :host([hidden]),
  [hidden] {
    display: none !important;
  }
  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }
  h1,
  h2,
  h3,
  p,
  ul,
  dl,
  dd {
    margin: 0;
    padding: 0;
  }
  ul {
    list-style: none;
  }
  :focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: 1px;
  }
  .quiet {
    color: var(--quiet);
  }
  .unseen {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .empty {
    padding: 32px 20px;
    color: var(--quiet);
    text-align: center;
    text-wrap: balance;
  }
  .numbers {
    font-variant-numeric: tabular-nums;
  }
  img {
    display: block;
    background: var(--vscode-editorWidget-background);
  }
  .pixels {
    image-rendering: pixelated;
  }
  input[type="range"] {
    --track: var(--vscode-scrollbarSlider-background, var(--vscode-foreground));
    height: 20px;
    margin: 0;
    appearance: none;
    background: transparent;
    cursor: pointer;
  }
  input[type="range"]::-webkit-slider-runnable-track {
    height: 4px;
    border-radius: 2px;
    background: var(--track);
  }
  input[type="range"]::-webkit-slider-thumb {
    width: 14px;
    height: 14px;
    margin-top: -5px;
    appearance: none;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 50%;
    background: var(--vscode-progressBar-background, var(--vscode-focusBorder));
  }
  input[type="range"]:disabled {
    opacity: 0.5;
    cursor: default;
  }
  input[type="checkbox"] {
    display: inline-grid;
    flex: none;
    width: 18px;
    height: 18px;
    margin: 0;
    place-content: center;
    appearance: none;
    border: 1px solid var(--vscode-settings-checkboxBorder, var(--vscode-checkbox-border, var(--vscode-foreground)));
    border-radius: 3px;
    background: var(--vscode-settings-checkboxBackground, var(--vscode-checkbox-background));
    color: var(--vscode-settings-checkboxForeground, var(--vscode-foreground));
    cursor: pointer;
  }
  input[type="checkbox"]:checked::before {
    font: normal 14px/1 codicon;
    content: "\\eab2";
  }
  input[type="checkbox"]:disabled {
    opacity: 0.5;
    cursor: default;
  }
  button {
    font: inherit;
    color: inherit;
  }
  .quiet-button {
    display: inline-flex;
    align-items: center;
    justify-content: center;
    gap: 4px;
    min-width: 24px;
    min-height: 24px;
    padding: 3px;
    border: 1px solid transparent;
    border-radius: 5px;
    background: transparent;
    color: var(--vscode-icon-foreground, var(--vscode-foreground));
    cursor: pointer;
  }
  .quiet-button:hover:not(:disabled) {
    background: var(--vscode-toolbar-hoverBackground);
    outline: 1px dashed var(--vscode-contrastActiveBorder, transparent);
    outline-offset: -1px;
  }
  .quiet-button:focus-visible {
    outline: 1px solid var(--vscode-focusBorder);
    outline-offset: -1px;
  }
  .quiet-button[aria-pressed="true"] {
    border-color: var(--vscode-contrastActiveBorder, var(--vscode-inputOption-activeBorder, transparent));
    background: var(--vscode-inputOption-activeBackground);
    box-shadow: inset 0 0 0 1px var(--vscode-contrastActiveBorder, transparent);
    color: var(--vscode-inputOption-activeForeground, var(--vscode-foreground));
  }
  .quiet-button:disabled {
    color: var(--vscode-disabledForeground);
    cursor: default;
  }
  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation: none !important;
      transition: none !important;
    }
  }
`;
