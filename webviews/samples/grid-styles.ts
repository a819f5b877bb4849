/** How the grid of images looks. */
import { css } from "lit";

export const gridStyles = css`
  :host {
    position: relative;
    min-height: 0;
    height: 100%;
  }
  .scroller {
    position: relative;
    height: 100%;
    overflow: hidden auto;
    overflow-anchor: none;
    outline: none;
  }
  .content {
    position: relative;
  }
  .group {
    position: absolute;
    inset-inline: 0;
    contain: layout style;
  }
  .heading {
    position: sticky;
    z-index: 1;
    top: 0;
    display: flex;
    align-items: center;
    height: 28px;
    padding: 0 var(--margin);
    background: var(--page-background);
  }
  .heading > div {
    display: flex;
    align-items: baseline;
    gap: 8px;
    min-width: 0;
    white-space: nowrap;
  }
  .heading strong {
    overflow: hidden;
    font-weight: 600;
    text-overflow: ellipsis;
  }
  .heading span {
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .row {
    position: absolute;
    inset-inline: var(--margin) 0;
    display: flex;
    gap: var(--gap);
  }
  .cell {
    position: relative;
    flex: none;
    width: var(--cell);
    height: var(--cell);
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 3px;
    background: var(--vscode-list-hoverBackground, var(--vscode-editorWidget-background));
    cursor: pointer;
  }
  .cell img {
    width: 100%;
    height: 100%;
    border-radius: 2px;
    object-fit: contain;
    background: none;
  }
  .cell:hover {
    outline: 1px dashed var(--vscode-contrastActiveBorder, var(--vscode-focusBorder));
    outline-offset: 1px;
  }
  .cell[aria-selected="true"] {
    outline: 2px solid var(--vscode-contrastActiveBorder, var(--vscode-focusBorder));
    outline-offset: 1px;
  }
  .cell:focus-visible {
    outline: 2px solid var(--vscode-focusBorder);
    outline-offset: 1px;
  }
  .cell.reject img {
    opacity: 0.35;
  }
  .mark {
    position: absolute;
    right: 3px;
    bottom: 3px;
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
  .missing img {
    display: none;
  }
  .missing::after {
    position: absolute;
    inset: 0;
    display: grid;
    place-items: center;
    color: var(--quiet);
    font: normal 20px/1 codicon;
    content: "\\eaea";
  }
`;
