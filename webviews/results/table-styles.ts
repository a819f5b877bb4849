/** How the table looks. Numbers of one column stand point under point: equal digits, equal decimals, fixed parts. */
import { css } from "lit";

export const tableStyles = css`
  :host {
    container-type: inline-size;
  }
  .scroll {
    overflow: auto;
    max-height: max(280px, calc(100vh - 150px));
    border: 1px solid var(--edge);
    border-radius: 3px;
  }
  table {
    width: 100%;
    border-collapse: separate;
    border-spacing: 0;
  }
  th,
  td {
    height: 26px;
    padding: 2px 10px;
    font-weight: normal;
    text-align: right;
    white-space: nowrap;
  }
  :is(thead th, tbody th):first-child {
    position: sticky;
    z-index: 1;
    left: 0;
    width: 100%;
    min-width: 120px;
    background: var(--page-background);
    text-align: left;
    white-space: normal;
  }
  thead th {
    position: sticky;
    z-index: 2;
    top: 0;
    padding-inline: 4px;
    background: var(--page-background);
    box-shadow: inset 0 -1px var(--edge);
    font-weight: 600;
  }
  thead th:first-child {
    z-index: 3;
    padding-left: 4px;
  }
  thead button {
    display: inline-flex;
    align-items: center;
    gap: 2px;
    min-height: 24px;
    padding: 2px 6px;
    border: 0;
    border-radius: 3px;
    background: none;
    font-weight: 600;
    cursor: pointer;
    white-space: nowrap;
  }
  thead button:hover {
    background: var(--vscode-toolbar-hoverBackground);
    outline: 1px dashed var(--vscode-contrastActiveBorder, transparent);
  }
  thead .icon {
    font-size: 12px;
  }
  .group th {
    padding-top: 10px;
    color: var(--quiet);
    font-size: 0.92em;
  }
  .group span {
    position: sticky;
    left: 10px;
    white-space: nowrap;
  }
  tbody + tbody .group th {
    box-shadow: inset 0 1px var(--edge);
  }
  tbody tr:not(.group):hover > * {
    background: var(--vscode-list-hoverBackground, var(--page-background));
    color: var(--vscode-list-hoverForeground, inherit);
  }
  tbody tr:not(.group):hover {
    outline: 1px dashed var(--vscode-contrastActiveBorder, transparent);
    outline-offset: -1px;
  }
  /* Over the end of the title, so that they take no room. */
  .actions {
    position: absolute;
    inset: 1px 4px 1px auto;
    display: flex;
    align-items: center;
    background: inherit;
    opacity: 0;
  }
  tr:hover .actions {
    opacity: 1;
  }
  .actions button {
    min-height: 20px;
    padding: 1px;
  }
  .reference > * {
    font-style: italic;
  }
  /* Widths in em: a ch is wider in bold. */
  .mean {
    display: inline-block;
    min-width: 3.1em;
    text-align: right;
  }
  .difference .mean {
    min-width: 4em;
  }
  .spread {
    display: inline-block;
    min-width: 4em;
    color: var(--quiet);
  }
  .best .mean,
  .clear .mean {
    font-weight: 700;
  }
  .best .mean {
    color: var(--vscode-foreground);
  }
  .second .mean {
    text-decoration: underline;
    text-decoration-thickness: 1px;
    text-underline-offset: 3px;
  }
  .difference > div {
    display: flex;
    align-items: center;
    justify-content: flex-end;
  }
  .low,
  .high {
    min-width: 4.4em;
    color: var(--quiet);
    text-align: right;
  }
  .interval {
    flex: none;
    margin-right: 6px;
    stroke: var(--vscode-foreground);
  }
  .interval .zero {
    stroke: var(--vscode-charts-lines, var(--vscode-foreground));
    stroke-dasharray: 2 2;
  }
  .interval .reach {
    stroke-width: 1.5;
  }
  .interval circle {
    fill: var(--page-background);
    stroke-width: 1.5;
  }
  .clear .interval circle {
    fill: var(--vscode-foreground);
  }
  .words {
    text-align: left;
  }
  .flagged .icon {
    margin-right: 4px;
    color: var(--vscode-editorWarning-foreground, var(--vscode-charts-orange));
    font-size: 14px;
    vertical-align: -2px;
  }
  @container (max-width: 1199.9px) {
    .many .interval {
      display: none;
    }
  }
  @container (max-width: 799.9px) {
    .interval {
      display: none;
    }
  }
  /* Beside a configuration: what belongs to a number stands below it. */
  @container (max-width: 559.9px) {
    th,
    td {
      padding-inline: 4px;
    }
    :is(thead th, tbody th):first-child {
      min-width: 88px;
    }
    thead th,
    thead th:first-child {
      padding-inline: 0;
    }
    thead button {
      padding-inline: 2px;
      text-align: inherit;
      white-space: normal;
    }
    .group span {
      left: 4px;
    }
    .spread {
      display: block;
      min-width: 0;
    }
    .spread:empty {
      display: none;
    }
    .difference > div {
      display: grid;
      grid-template-columns: 1fr auto;
      column-gap: 0.3em;
    }
    .difference .mean {
      grid-column: 1 / -1;
    }
    .low,
    .high {
      min-width: 3.6em;
    }
  }
  @container (max-width: 399.9px) {
    :is(thead th, tbody th):first-child {
      width: auto;
      max-width: 40cqw;
      min-width: 72px;
      overflow-wrap: anywhere;
    }
    .group th {
      max-width: none !important;
    }
    .actions {
      display: none;
    }
  }
`;
