/** How the Pair Matrix tab looks. */
import { css } from "lit";

export const pairStyles = css`
  :host {
    container-type: inline-size;
    height: 100%;
    overflow: auto;
  }
  .page {
    display: flex;
    flex-direction: column;
    gap: 10px;
    padding: 8px clamp(8px, 4cqw, 16px) 24px;
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px 12px;
  }
  .bar > label {
    display: inline-flex;
    align-items: center;
    gap: 6px;
  }
  .bar vscode-textfield {
    width: 90px;
  }
  .sides {
    display: flex;
    flex-wrap: wrap;
    align-items: flex-start;
    gap: 16px 24px;
  }
  .matrix {
    --head: clamp(24px, 9cqw, 56px);
    --cell: clamp(24px, calc((100cqw - 32px - var(--head)) / var(--count) - 3px), 84px);
    display: flex;
    flex: none;
    flex-direction: column;
    gap: 3px;
    max-width: 100%;
    overflow: auto hidden;
    padding: 3px;
    margin: -3px;
  }
  @container (min-width: 760px) {
    .matrix {
      --cell: clamp(24px, calc((100cqw - 32px - 304px - var(--head)) / var(--count) - 3px), 84px);
    }
  }
  .row {
    display: flex;
    gap: 3px;
  }
  .head {
    flex: none;
    width: var(--cell);
    height: var(--cell);
    padding: 2px;
  }
  .row > .head:first-child {
    width: var(--head);
  }
  .heads .head {
    height: var(--head);
  }
  .head img {
    width: 100%;
    height: 100%;
    border-radius: 3px;
    object-fit: contain;
    background: none;
  }
  .cell {
    position: relative;
    display: grid;
    flex: none;
    width: var(--cell);
    height: var(--cell);
    overflow: hidden;
    place-items: center;
    border: 1px solid var(--vscode-contrastBorder, var(--vscode-widget-border, transparent));
    border-radius: 3px;
    background: var(--vscode-list-hoverBackground, var(--vscode-editorWidget-background));
    cursor: pointer;
  }
  .cell img {
    width: 100%;
    height: 100%;
    object-fit: contain;
  }
  .cell.old img {
    opacity: 0.4;
  }
  .cell .icon {
    position: absolute;
    color: var(--quiet);
  }
  .cell .icon-error {
    color: var(--vscode-errorForeground);
  }
  .cell .icon-running {
    animation: turn 2s steps(16) infinite;
  }
  @keyframes turn {
    to {
      transform: rotate(1turn);
    }
  }
  .cell[aria-disabled="true"] {
    border-style: dashed;
    border-color: var(--quiet);
    background: transparent;
    cursor: default;
  }
  .cell:hover {
    outline: 1px dashed var(--vscode-contrastActiveBorder, var(--vscode-focusBorder));
  }
  .cell[aria-selected="true"],
  .cell:focus-visible {
    outline: 2px solid var(--vscode-contrastActiveBorder, var(--vscode-focusBorder));
    outline-offset: 0;
  }
  .pair {
    display: flex;
    flex: 1 1 240px;
    flex-direction: column;
    gap: 10px;
    min-width: 0;
    max-width: 300px;
  }
  h2 {
    font-size: 1.1em;
    font-weight: 600;
  }
  .picture {
    display: grid;
    width: min(100%, 256px);
    aspect-ratio: 1;
    place-items: center;
    border: 1px solid var(--edge);
    border-radius: 3px;
    background: var(--vscode-editorWidget-background);
    color: var(--quiet);
  }
  .picture img {
    width: 100%;
    height: 100%;
    object-fit: contain;
  }
  .photos {
    display: flex;
    flex-direction: column;
    gap: 6px;
  }
  .photos li {
    display: flex;
    align-items: center;
    gap: 8px;
  }
  .photos img {
    flex: none;
    width: 36px;
    height: 36px;
    border: 1px solid var(--edge);
    border-radius: 3px;
    object-fit: contain;
  }
  .photos .name {
    flex: 1;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .slider {
    display: block;
    width: min(100%, 256px);
  }
  .slider input {
    width: 100%;
  }
  .told {
    min-height: 1.4em;
    overflow-wrap: anywhere;
  }
  .failed {
    color: var(--vscode-errorForeground);
  }
`;
