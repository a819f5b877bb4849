/** Plan contexts for tests: a few classes of made-up photos, resolved with the preset `paper`, which is not tuned. */
import { sha256 } from "../../../daemon/base/hash.ts";
import { resolveConfig } from "../../../daemon/config/resolve.ts";
import { type ClassFolder, datasetOf } from "../../../daemon/pipeline/dataset.ts";
import type { PlanContext } from "../../../daemon/pipeline/plan.ts";
import { choosePreset } from "../../../daemon/pipeline/presets.ts";
import type { LoftConfig } from "../../../schemas/generated/loft-config.ts";

/** A class folder whose photos are named by their content: `classFolder("cat", "a b")`. */
export function classFolder(folder: string, contents: string): ClassFolder {
  const photos = contents.split(" ").filter((content) => content !== "");
  return { folder, photos: photos.map((content) => ({ path: `${folder}/${content}.png`, sha256: sha256(content) })) };
}

export type PartialConfig = Partial<Omit<LoftConfig, "data">> & { readonly data?: Partial<LoftConfig["data"]> };

export function planContext(
  folders: readonly ClassFolder[],
  given: PartialConfig = {},
  captions?: PlanContext["captions"],
): PlanContext {
  const user = { model: "test-model", ...given, data: { folder: "photos", ...given.data } };
  const { config } = resolveConfig(user, choosePreset(user.preset, user.model, user.method), "test.loft.json");
  const dataset = datasetOf(folders, config.data);
  const model = { hash: sha256("model"), resolution: 32 };
  return { config, dataset, model, ...(captions === undefined ? {} : { captions }) };
}
