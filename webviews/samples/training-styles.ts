/** How the Training tab looks. */
import { css } from "lit";

export const trainingStyles = css`
  :host {
    container-type: inline-size;
    height: 100%;
    overflow: hidden auto;
  }
  .page {
    display: flex;
    flex-direction: column;
    align-items: stretch;
    gap: 8px;
    max-width: 960px;
    padding: 8px clamp(8px, 4cqw, 16px) 24px;
  }
  .page > vscode-button {
    align-self: flex-start;
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 4px 12px;
  }
  h2 {
    font-size: 1.1em;
    font-weight: 600;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 16px;
  }
  .legend li {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .line {
    flex: none;
    width: 24px;
    height: 0;
    border-top: 2px solid var(--vscode-foreground);
  }
  .line.range {
    height: 10px;
    border: 0;
    background: color-mix(in srgb, var(--vscode-foreground) 20%, transparent);
    outline: 1px solid var(--vscode-contrastBorder, transparent);
  }
  .series-0 {
    border-top-color: var(--vscode-charts-blue);
  }
  .series-1 {
    border-top: 2px dashed var(--vscode-charts-orange);
  }
  .series-2 {
    border-top: 2px dotted var(--vscode-charts-green);
  }
  .series-3 {
    border-top: 2px dashed var(--vscode-charts-purple);
  }
  .series-4 {
    border-top: 2px dashed var(--vscode-charts-red);
  }
  .series-5 {
    border-top: 2px dashed var(--vscode-charts-yellow);
  }
  .scroll {
    overflow: auto;
    max-height: 60vh;
    border: 1px solid var(--edge);
    border-radius: 3px;
  }
  table {
    width: 100%;
    border-collapse: collapse;
  }
  th,
  td {
    padding: 3px 10px;
    text-align: right;
    font-weight: normal;
    white-space: nowrap;
  }
  thead th {
    position: sticky;
    z-index: 1;
    top: 0;
    background: var(--vscode-keybindingTable-headerBackground, var(--page-background));
    background-color: var(--page-background);
    box-shadow: inset 0 -1px var(--edge);
    font-weight: 600;
  }
  .adapters :is(th, td):is(:first-child, :nth-child(2)) {
    text-align: left;
  }
  tbody tr:hover {
    background: var(--vscode-list-hoverBackground);
    color: var(--vscode-list-hoverForeground, inherit);
    outline: 1px dashed var(--vscode-contrastActiveBorder, transparent);
    outline-offset: -1px;
  }
  .adapter {
    display: inline-flex;
    align-items: center;
    gap: 8px;
    cursor: pointer;
  }
  .adapter img {
    width: 24px;
    height: 24px;
    border-radius: 2px;
    object-fit: contain;
  }
`;
