/** How the frame of the page looks: head, tabs, tools, and the place of the parts. */
import { css } from "lit";

export const samplesStyles = css`
  main {
    display: flex;
    flex-direction: column;
    height: 100%;
  }
  .bar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    justify-content: space-between;
    gap: 4px 12px;
  }
  vscode-single-select {
    width: 160px;
    max-width: 100%;
    margin: 3px 0;
  }
  .panel {
    position: relative;
    display: flex;
    flex: 1;
    flex-direction: column;
    min-height: 0;
  }
  .toolbar {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 4px 12px;
    padding: 3px 16px;
  }
  .toolbar vscode-single-select {
    width: 120px;
  }
  .counts {
    margin-right: auto;
  }
  .size {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    color: var(--vscode-icon-foreground, var(--vscode-foreground));
  }
  .size input {
    width: 88px;
  }
  .sides {
    position: relative;
    display: grid;
    flex: 1;
    grid-template-columns: minmax(0, 1fr);
    grid-template-rows: minmax(0, 1fr);
    min-height: 0;
  }
  .grid {
    min-width: 0;
    min-height: 0;
  }
  .sides.open {
    grid-template-columns: minmax(0, 1fr) clamp(260px, 34%, 420px);
  }
  @container (max-width: 319.9px) {
    .toolbar {
      padding-inline: 8px;
    }
    .bar vscode-single-select {
      width: 100%;
    }
    .toolbar vscode-single-select {
      flex: 1;
      width: auto;
    }
    .counts {
      display: none;
    }
    .size input {
      width: 44px;
    }
  }
  @container (max-width: 619.9px) {
    .sides.open {
      grid-template-columns: minmax(0, 1fr);
    }
    .sides.open loft-sample-details {
      position: absolute;
      z-index: 2;
      inset: 0;
      border-left: 0;
    }
  }
`;
