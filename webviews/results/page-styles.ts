/** How the frame of the results page looks: the page scrolls as one, and its tabs stay in sight. */
import { css } from "lit";

export const pageStyles = css`
  main {
    height: 100%;
    overflow: hidden auto;
  }
  .problem {
    margin-block: 8px;
  }
  .bar {
    position: sticky;
    z-index: 3;
    top: 0;
    background: var(--page-background);
  }
`;
