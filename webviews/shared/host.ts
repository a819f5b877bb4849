/** The page's one handle to VS Code. Knows no page's messages: whoever listens checks what comes. */

import type { Host } from "./messenger.ts";

declare function acquireVsCodeApi(): Omit<Host, "listen">;

/** May be called once for each page. */
export function connectHost(): Host {
  const api = acquireVsCodeApi();
  return {
    postMessage: (message) => api.postMessage(message),
    getState: () => api.getState(),
    setState: (state) => api.setState(state),
    listen: (receive) => {
      window.addEventListener("message", (event: MessageEvent<unknown>) => {
        if (event.origin === window.origin) receive(event.data);
      });
    },
  };
}
