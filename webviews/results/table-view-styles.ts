/** How the Table tab looks around its table. */
import { css } from "lit";

export const tableViewStyles = css`
  :host {
    container-type: inline-size;
  }
  .page {
    display: flex;
    flex-direction: column;
    gap: 8px;
    padding: 6px clamp(8px, 4cqw, 16px) 24px;
  }
  .toolbar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 8px;
  }
  .toolbar vscode-single-select {
    width: 160px;
    max-width: 100%;
  }
  .reference {
    flex: 1 1 220px;
    max-width: 280px;
  }
  .reference vscode-single-select {
    width: 100%;
  }
  .copy {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 2px 4px;
    margin-left: auto;
  }
  .copy span {
    display: inline-flex;
    align-items: center;
    gap: 4px;
  }
  .copy .quiet-button {
    padding-inline: 6px;
    border-color: var(--vscode-button-border, var(--edge));
  }
  summary {
    display: list-item;
    min-height: 24px;
    cursor: pointer;
  }
  .missing summary {
    display: flex;
    align-items: center;
    gap: 6px;
    font-weight: 600;
  }
  .missing .icon {
    color: var(--vscode-editorWarning-foreground, var(--vscode-charts-orange));
  }
  .missing li {
    padding: 1px 0 1px 22px;
    overflow-wrap: anywhere;
  }
  .notes {
    display: flex;
    flex-direction: column;
    gap: 2px;
    max-width: 100ch;
    overflow-wrap: anywhere;
  }
  .rows ul {
    margin: 4px 0 8px;
    columns: 280px auto;
  }
  .rows li {
    padding: 2px 0;
    break-inside: avoid;
  }
  .rows label {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    cursor: pointer;
    overflow-wrap: anywhere;
  }
  @container (max-width: 399.9px) {
    .toolbar vscode-single-select,
    .reference {
      width: 100%;
      max-width: 100%;
    }
    .copy {
      margin-left: 0;
    }
  }
`;
