/** A daemon of a test's own, a client of it, and something to run. */
import { join } from "node:path";
import { clientForTest, daemonForTest, type RecordingClient, type TestDaemon } from "./daemon.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import type { TinyRun } from "./tiny-run.ts";

export type DaemonWithRun = {
  readonly client: RecordingClient;
  readonly run: TinyRun;
  /** The whole path of its configuration. */
  readonly config: string;
  readonly daemon: TestDaemon;
};

/** All of it ends with the running test. */
export async function daemonWith(makeRun: (folder: string) => Promise<TinyRun>): Promise<DaemonWithRun> {
  const run = await makeRun(join(await temporaryFolder(), "run"));
  const daemon = await daemonForTest(join(await temporaryFolder(), "daemon"));
  return { client: await clientForTest(daemon), run, config: join(run.folder, run.config), daemon };
}
