/** The page's conversation with the extension: checked messages in, requests with promised answers out. */
import type { Host } from "../shared/messenger.ts";
import { connectPage, type PageHost } from "../shared/page-host.ts";
import {
  type HostMessage,
  type PageParams,
  type PageRequestName,
  type PageResult,
  type PageState,
  readHostMessage,
  readPageState,
  readResult,
} from "./protocol.ts";

export type SamplesHost = Omit<PageHost<HostMessage, PageState>, "ask"> & {
  /** Rejects with `RequestFailure`. */
  readonly request: <N extends PageRequestName>(name: N, params: PageParams<N>) => Promise<PageResult<N>>;
};

export function connectSamplesHost(host: Host): SamplesHost {
  const readers = { message: readHostMessage, state: readPageState };
  const { ask, ...page } = connectPage<HostMessage, PageState>(host, readers);
  return { ...page, request: (name, params) => ask(name, params, (result) => readResult(name, result)) };
}
