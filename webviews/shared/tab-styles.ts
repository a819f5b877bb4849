/** How the frame of a page with tabs looks: its ground, problems at its head, the tabs; small where there is no room. */
import { css } from "lit";

export const tabStyles = css`
  :host {
    container-type: inline-size;
    height: 100%;
    background: var(--page-background);
  }
  .problem {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 6px 8px;
    margin: 0 16px 8px;
    padding: 6px 10px;
    border: 1px solid var(--vscode-inputValidation-errorBorder, var(--vscode-errorForeground));
    border-radius: 3px;
    background: var(--vscode-inputValidation-errorBackground);
    color: var(--vscode-inputValidation-errorForeground, var(--vscode-foreground));
  }
  .problem span:not(.icon) {
    flex: 1 1 160px;
    overflow-wrap: anywhere;
  }
  .bar {
    padding: 0 16px;
    border-bottom: 1px solid var(--edge);
  }
  .tabs {
    display: flex;
    flex-wrap: wrap;
    gap: 0 16px;
  }
  .tabs button {
    padding: 8px 0 6px;
    border: 0;
    border-bottom: 2px solid transparent;
    background: none;
    color: var(--vscode-panelTitle-inactiveForeground, var(--quiet));
    cursor: pointer;
    white-space: nowrap;
  }
  .tabs button:hover {
    color: var(--vscode-panelTitle-activeForeground, var(--vscode-foreground));
  }
  .tabs button[aria-selected="true"] {
    border-bottom-color: var(--vscode-panelTitle-activeBorder, var(--vscode-focusBorder));
    color: var(--vscode-panelTitle-activeForeground, var(--vscode-foreground));
  }
  @container (max-width: 319.9px) {
    .bar {
      padding-inline: 8px;
    }
    .problem {
      margin-inline: 8px;
    }
    .tabs {
      gap: 0 8px;
      font-size: 0.9em;
    }
    .tabs button {
      padding-top: 4px;
    }
  }
`;
