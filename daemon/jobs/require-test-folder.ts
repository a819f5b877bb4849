/** An evaluation has nothing to judge classifiers on unless its configuration names test pictures. */
import { loftError } from "../base/errors.ts";
import type { ResolvedConfig } from "../config/resolve.ts";

/**
 * The folder as the configuration names it.
 * @throws LoftError "config-invalid" when it names none
 */
export function requireTestFolder({ evaluation }: ResolvedConfig): string {
  if (evaluation.test !== null) return evaluation.test;
  throw loftError("config-invalid", {
    what: "evaluation.test is not given: there are no pictures to judge the classifiers on.",
    fix: 'Write for example "evaluation": { "test": "test" }; the folder holds one folder of pictures per class.',
  });
}
