/** How the Scaling tab looks. */
import { css } from "lit";

export const scalingStyles = css`
  :host {
    container-type: inline-size;
  }
  .page {
    display: flex;
    flex-direction: column;
    gap: 12px;
    padding: 6px clamp(8px, 4cqw, 16px) 24px;
  }
  .toolbar,
  .head {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 10px;
  }
  vscode-single-select {
    width: 190px;
    max-width: 100%;
  }
  .wide {
    max-width: 100%;
  }
  .wide vscode-single-select {
    width: 260px;
  }
  .plots {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr));
    gap: 0 32px;
  }
  section {
    display: grid;
    grid-row: span 4;
    grid-template-rows: subgrid;
    grid-template-columns: minmax(0, 1fr);
    align-content: start;
    min-width: 0;
    max-width: 760px;
    margin-bottom: 20px;
  }
  .head {
    align-content: start;
    min-height: 32px;
  }
  h2 {
    font-size: 1.1em;
    font-weight: 600;
  }
  .hint {
    max-width: 70ch;
    padding: 12px 0;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 16px;
    margin: 6px 0 4px;
  }
  .legend li {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  .sample {
    flex: none;
    --series: var(--vscode-foreground);
    stroke: var(--series);
  }
  .sample :is(circle, polygon) {
    fill: var(--page-background);
    stroke-width: 1.5;
  }
  .sample .filled {
    fill: var(--series);
  }
  .blue {
    --series: var(--vscode-charts-blue);
  }
  .orange {
    --series: var(--vscode-charts-orange);
  }
  .green {
    --series: var(--vscode-charts-green);
  }
  .purple {
    --series: var(--vscode-charts-purple);
  }
  .red {
    --series: var(--vscode-charts-red);
  }
  .yellow {
    --series: var(--vscode-charts-yellow);
  }
  summary {
    display: list-item;
    min-height: 24px;
    cursor: pointer;
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
    font-weight: normal;
    text-align: right;
    white-space: nowrap;
  }
  thead th {
    box-shadow: inset 0 -1px var(--edge);
    font-weight: 600;
  }
`;
