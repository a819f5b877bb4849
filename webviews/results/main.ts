/**
 * Starts the results page. The host's HTML needs no more than a body, the codicon style sheet, this bundle's style sheet
 * beside it, and this script as a module with the nonce of the page's content security policy, which is that of the
 * Samples page:
 *
 *   <link rel="stylesheet" nonce="N" id="vscode-codicon-stylesheet" href="codicon.css">
 *   <link rel="stylesheet" nonce="N" href="results.css">
 *   <script type="module" nonce="N" src="results.js"></script>
 */
import "../shared/page.css";
import { connectHost } from "../shared/host.ts";
import { LoftClassSets } from "./loft-class-sets.ts";
import { LoftConfusion } from "./loft-confusion.ts";
import { LoftJudgedPictures } from "./loft-judged-pictures.ts";
import { LoftResults } from "./loft-results.ts";
import { LoftResultsHeader } from "./loft-results-header.ts";
import { LoftResultsTable } from "./loft-results-table.ts";
import { LoftScaling } from "./loft-scaling.ts";
import { LoftScalingChart } from "./loft-scaling-chart.ts";
import { LoftTableView } from "./loft-table-view.ts";
import { connectResultsHost } from "./results-host.ts";

customElements.define("loft-results-header", LoftResultsHeader);
customElements.define("loft-results-table", LoftResultsTable);
customElements.define("loft-table-view", LoftTableView);
customElements.define("loft-scaling-chart", LoftScalingChart);
customElements.define("loft-scaling", LoftScaling);
customElements.define("loft-judged-pictures", LoftJudgedPictures);
customElements.define("loft-confusion", LoftConfusion);
customElements.define("loft-class-sets", LoftClassSets);
customElements.define("loft-results", LoftResults);

declare global {
  /** Lit reads it where it must fall back to style elements. */
  var litNonce: string | undefined;
  interface HTMLElementTagNameMap {
    "loft-results": LoftResults;
  }
}

globalThis.litNonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce;

const page = document.createElement("loft-results");
page.host = connectResultsHost(connectHost());
document.body.append(page);
