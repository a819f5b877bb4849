/** How the Confusion tab looks: shares as shades that text can be read on in every theme. */
import { css } from "lit";

export const confusionStyles = css`
  :host {
    container-type: inline-size;
  }
  .page {
    display: flex;
    flex-direction: column;
    gap: 8px;
    padding: 6px clamp(8px, 4cqw, 16px) 24px;
  }
  .toolbar vscode-single-select {
    width: 320px;
    max-width: 100%;
  }
  .sides {
    display: flex;
    flex-wrap: wrap;
    align-items: flex-start;
    gap: 16px 32px;
  }
  .scroll {
    flex: none;
    max-width: 100%;
    overflow: auto hidden;
    padding: 3px;
    margin: -3px;
  }
  .matrix {
    --cell: clamp(30px, calc((100cqw - 60px - 110px) / var(--count) - 2px), 76px);
    display: flex;
    flex-direction: column;
    gap: 2px;
    width: max-content;
    font-variant-numeric: tabular-nums;
  }
  @container (min-width: 860px) {
    .matrix {
      --cell: clamp(30px, calc((100cqw - 60px - 110px - 320px) / var(--count) - 2px), 76px);
    }
  }
  .row {
    display: flex;
    gap: 2px;
  }
  .corner,
  .name {
    position: sticky;
    z-index: 1;
    left: 0;
    flex: none;
    width: clamp(56px, 22cqw, 110px);
    padding-right: 8px;
    background: var(--page-background);
  }
  .name {
    display: flex;
    align-items: center;
    justify-content: flex-end;
  }
  .name span {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .head {
    display: flex;
    flex: none;
    align-items: flex-end;
    justify-content: center;
    width: var(--cell);
    max-height: 110px;
    padding-bottom: 4px;
  }
  .head span {
    max-height: 104px;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    writing-mode: vertical-rl;
    rotate: 180deg;
  }
  @container (min-width: 560px) {
    .few .head span {
      max-width: 100%;
      writing-mode: horizontal-tb;
      rotate: none;
    }
  }
  .cell {
    --shade: var(--vscode-charts-orange, var(--vscode-foreground));
    display: grid;
    flex: none;
    width: var(--cell);
    height: max(26px, min(var(--cell), 40px));
    place-items: center;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 2px;
    background: color-mix(
      in srgb,
      var(--shade) calc(6% + 30% * var(--share)),
      var(--page-background)
    );
    cursor: pointer;
  }
  .cell.right {
    --shade: var(--vscode-charts-blue, var(--vscode-foreground));
    font-weight: 600;
  }
  .cell:hover {
    outline: 1px dashed var(--vscode-contrastActiveBorder, var(--vscode-focusBorder));
  }
  .cell[aria-selected="true"],
  .cell:focus-visible {
    outline: 2px solid var(--vscode-contrastActiveBorder, var(--vscode-focusBorder));
    outline-offset: 0;
  }
  .beside {
    display: flex;
    flex: 1 1 280px;
    flex-direction: column;
    gap: 16px;
    min-width: 0;
    max-width: 640px;
  }
  h2 {
    font-size: 1.1em;
    font-weight: 600;
    overflow-wrap: anywhere;
  }
  .pairs {
    max-width: 360px;
    margin-top: 4px;
  }
  .pairs button {
    width: 100%;
    justify-content: flex-start;
    gap: 12px;
    padding: 2px 6px;
    color: inherit;
    text-align: left;
  }
  .pair {
    flex: 1;
    min-width: 0;
    overflow-wrap: anywhere;
  }
  [aria-pressed="true"] .quiet {
    color: inherit;
  }
  .share {
    min-width: 5ch;
    text-align: right;
  }
`;
