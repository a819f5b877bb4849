/**
 * Starts the Samples page. The host's HTML needs no more than a body, the codicon style sheet, this bundle's style sheet
 * beside it, and this script as a module with the nonce of the page's content security policy:
 *
 *   default-src 'none'; script-src 'nonce-N'; style-src CSP_SOURCE 'nonce-N'; font-src CSP_SOURCE;
 *   img-src CSP_SOURCE blob: data:
 *
 *   <link rel="stylesheet" nonce="N" id="vscode-codicon-stylesheet" href="codicon.css">
 *   <link rel="stylesheet" nonce="N" href="samples.css">
 *   <script type="module" nonce="N" src="samples.js"></script>
 */
import "../shared/page.css";
import { connectHost } from "../shared/host.ts";
import { LoftLossChart } from "./loft-loss-chart.ts";
import { LoftPairMatrix } from "./loft-pair-matrix.ts";
import { LoftRunHeader } from "./loft-run-header.ts";
import { LoftSampleDetails } from "./loft-sample-details.ts";
import { LoftSampleGrid } from "./loft-sample-grid.ts";
import { LoftSamples } from "./loft-samples.ts";
import { LoftTraining } from "./loft-training.ts";
import { connectSamplesHost } from "./samples-host.ts";

customElements.define("loft-run-header", LoftRunHeader);
customElements.define("loft-sample-grid", LoftSampleGrid);
customElements.define("loft-sample-details", LoftSampleDetails);
customElements.define("loft-loss-chart", LoftLossChart);
customElements.define("loft-training", LoftTraining);
customElements.define("loft-pair-matrix", LoftPairMatrix);
customElements.define("loft-samples", LoftSamples);

declare global {
  /** Lit reads it where it must fall back to style elements. */
  var litNonce: string | undefined;
  interface HTMLElementTagNameMap {
    "loft-sample-grid": LoftSampleGrid;
    "loft-samples": LoftSamples;
  }
}

globalThis.litNonce = document.querySelector<HTMLScriptElement>("script[nonce]")?.nonce;

const page = document.createElement("loft-samples");
page.host = connectSamplesHost(connectHost());
document.body.append(page);
