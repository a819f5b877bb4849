/** How the Sets tab looks: sets side by side as long as there is room. */
import { css } from "lit";

export const setsStyles = css`
  :host {
    container-type: inline-size;
  }
  .page {
    display: flex;
    flex-direction: column;
    align-items: stretch;
    gap: 10px;
    padding: 6px clamp(8px, 4cqw, 16px) 24px;
  }
  .page > vscode-button {
    align-self: flex-start;
  }
  .toolbar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 12px;
  }
  .toolbar vscode-single-select {
    width: 200px;
    max-width: 100%;
  }
  .sets {
    display: grid;
    grid-template-columns: repeat(var(--columns, 1), minmax(0, 1fr));
    gap: var(--gap);
  }
  .sets.first-alone > :first-child {
    grid-column: 1 / -1;
  }
  /* Head, pictures and figures of all sets in a row begin at one height. */
  section {
    display: grid;
    grid-row: span 3;
    grid-template-rows: subgrid;
    gap: 6px;
    min-width: 0;
  }
  .about {
    display: flex;
    flex-direction: column;
    gap: 6px;
  }
  section .pictures {
    grid-template-columns: repeat(auto-fill, minmax(min(44px, 100%), 1fr));
    gap: 4px;
    margin: 0;
  }
  h2 {
    font-size: 1em;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .frame.copy {
    outline: 2px dashed var(--vscode-editorWarning-foreground, var(--vscode-charts-orange));
    outline-offset: -1px;
  }
  .mark {
    position: absolute;
    right: 2px;
    bottom: 2px;
    display: grid;
    width: 18px;
    height: 18px;
    place-items: center;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 50%;
    background: var(--vscode-badge-background);
    color: var(--vscode-badge-foreground);
  }
  .mark .icon {
    font-size: 12px;
  }
  .figures {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(128px, 100%), 1fr));
    gap: 0 12px;
  }
  .figures > div {
    display: flex;
    justify-content: space-between;
    gap: 8px;
    padding: 1px 0;
  }
  dt {
    color: var(--quiet);
    white-space: nowrap;
  }
  summary {
    cursor: pointer;
  }
  .copies summary {
    display: flex;
    gap: 6px;
  }
  .copies summary .icon {
    color: var(--vscode-editorWarning-foreground, var(--vscode-charts-orange));
  }
  details li {
    padding: 1px 0 1px 22px;
    overflow-wrap: anywhere;
  }
  p .icon {
    vertical-align: -3px;
  }
`;
