/** The HTML around a page's bundle, with a content security policy that lets nothing else in. Pure but for the nonce. */
import { randomBytes } from "node:crypto";
import { Uri, type Webview } from "vscode";

/**
 * @param dist the folder of the bundles
 * @param name of the page: NAME.js and NAME.css in dist/webviews
 */
export function pageHtml(
  webview: Webview,
  dist: Uri,
  { name, title }: { readonly name: string; readonly title: string },
) {
  const nonce = randomBytes(16).toString("base64");
  const address = (file: string): string => webview.asWebviewUri(Uri.joinPath(dist, "webviews", file)).toString();
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy(webview, nonce)}">
<title>${escapeHtml(title)}</title>
<link rel="stylesheet" href="${address("codicon.css")}" id="vscode-codicon-stylesheet" nonce="${nonce}">
<link rel="stylesheet" href="${address(`${name}.css`)}" nonce="${nonce}">
</head>
<body>
<script type="module" nonce="${nonce}" src="${address(`${name}.js`)}"></script>
</body>
</html>`;
}

/** Nothing may be fetched: the page talks by messages only, so that it works over SSH, WSL and in the browser alike. */
function contentSecurityPolicy({ cspSource }: Webview, nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `font-src ${cspSource}`,
    `img-src ${cspSource} blob: data:`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
