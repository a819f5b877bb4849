/** How pictures in a row of frames look: equal frames, tiny pictures with sharp pixels. */
import { css } from "lit";

export const pictureStyles = css`
  .pictures {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(min(84px, 100%), 1fr));
    gap: 8px;
    margin: 8px 0;
  }
  .pictures li {
    display: flex;
    flex-direction: column;
    gap: 2px;
    min-width: 0;
  }
  .frame {
    position: relative;
    display: grid;
    width: 100%;
    aspect-ratio: 1;
    overflow: hidden;
    padding: 0;
    place-items: center;
    border: 1px solid var(--vscode-contrastBorder, transparent);
    border-radius: 3px;
    background: var(--vscode-list-hoverBackground, var(--vscode-editorWidget-background));
    cursor: pointer;
  }
  .frame:hover {
    outline: 1px dashed var(--vscode-contrastActiveBorder, var(--vscode-focusBorder));
    outline-offset: 1px;
  }
  .frame:focus-visible {
    outline: 2px solid var(--vscode-focusBorder);
    outline-offset: 1px;
  }
  .frame img {
    width: 100%;
    height: 100%;
    object-fit: contain;
    background: none;
    image-rendering: pixelated;
  }
  .frame.missing {
    border: 1px dashed var(--quiet);
    cursor: default;
  }
  .caption {
    display: flex;
    flex-wrap: wrap;
    gap: 0 6px;
    font-size: 0.9em;
    overflow-wrap: anywhere;
  }
`;
