/** LoFT: Preview Plan. */
import { l10n, ProgressLocation, window } from "vscode";
import { configOf } from "../choose-argument.ts";
import { saveConfig } from "../config-files.ts";
import type { Services } from "../services.ts";

/** Show beside a configuration what its run would do, as `loft plan` prints it. */
export async function previewPlan(services: Services, argument: unknown): Promise<void> {
  const config = await configOf(argument, services);
  await saveConfig(config);
  const title = l10n.t("Planning");
  await window.withProgress({ location: ProgressLocation.Window, title }, () => services.plans.show(config));
}
