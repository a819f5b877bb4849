/** LoFT: Show Log. */
import type { Services } from "../services.ts";

export async function showLog({ client, log }: Services): Promise<void> {
  if (client.status !== undefined) log.info(`The daemon's own log: ${client.status.logFile}`);
  log.show();
}
