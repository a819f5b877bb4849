/** The list of methods, and the plan that one of them makes. */
import type { ResolvedConfig } from "../../config/resolve.ts";
import type { Plan, PlanContext } from "../plan.ts";
import { loft } from "./loft.ts";
import type { Method } from "./method.ts";

/** All methods by id; the schema's enum has the same ids. */
export const methods: Readonly<Record<ResolvedConfig["method"], Method>> = { loft };

/** The plan of a run: the same context gives the same plan on every machine. */
export function planRun(context: PlanContext): Plan {
  const method = methods[context.config.method];
  const adapters = method.planAdapters(context);
  const images = method.planImages(context, adapters);
  return { adapters, images, warnings: context.dataset.warnings };
}
