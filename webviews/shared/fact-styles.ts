/**
 * How a list of facts in a head looks: beside each other with dots between them. Each fact has its dot before it, in a
 * margin that is cut off, so that no line begins or ends with one.
 */
import { css } from "lit";

export const factStyles = css`
  .facts {
    --dot: 1.1em;
    display: flex;
    flex-wrap: wrap;
    margin: 2px 0 0 calc(-1 * var(--dot));
    color: var(--quiet);
    clip-path: inset(0 0 0 var(--dot));
  }
  .facts li {
    position: relative;
    padding-left: var(--dot);
  }
  .facts li::before {
    position: absolute;
    left: 0;
    width: var(--dot);
    text-align: center;
    content: "·" / "";
  }
`;
