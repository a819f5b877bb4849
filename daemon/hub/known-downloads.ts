/** The models that LoFT knows by name but does not bring along: where they are and what is known of their files. */
import { isRecord } from "../checkpoint/json-text.ts";
import { readRegistryList } from "../checkpoint/model-registry.ts";
import { type Variant, variants } from "./choose-files.ts";
import { isRepositoryName, isRevision, isSafePath, isSha256 } from "./hub-names.ts";

/** A repository and the revision to take; null is its main branch. */
export type HubSource = { readonly repository: string; readonly revision: string | null };

export type KnownDownload = {
  /** The name that a configuration uses. */
  readonly id: string;
  readonly kind: "stable-diffusion";
  readonly title: string;
  /** A Hugging Face license id. */
  readonly license: string;
  /** The license in words. */
  readonly licenseTitle: string;
  /** Who made it and what became of its first home. */
  readonly source: string;
  /** In the order in which they are tried. */
  readonly repositories: readonly HubSource[];
  /** Where it was once: a copy from there may lie in Python's cache. */
  readonly withdrawn: readonly string[];
  readonly approximateBytes: Readonly<Record<Variant, number>>;
  /** Files with the SHA-256 that they must have; null is not known, and what the server says is taken and recorded. */
  readonly files: readonly { readonly path: string; readonly sha256: string | null }[];
};

/**
 * Read the downloads of the registry.
 * @throws LoftError "model-missing" when there is no registry, "model-config-invalid" when it is damaged
 */
export function readKnownDownloads(modelsFolder: string): Promise<readonly KnownDownload[]> {
  return readRegistryList(modelsFolder, "downloads", isKnownDownload);
}

function isKnownDownload(value: unknown): value is KnownDownload {
  if (!isRecord(value)) return false;
  const { id, kind, title, license, licenseTitle, source, repositories, withdrawn, files } = value;
  const { approximateBytes: bytes } = value;
  return (
    [id, title, license, licenseTitle, source].every((text) => typeof text === "string" && text !== "") &&
    kind === "stable-diffusion" &&
    isRecord(bytes) &&
    variants.every((name) => Number.isSafeInteger(bytes[name])) &&
    isListOf(repositories, isHubSource) &&
    0 < repositories.length &&
    isListOf(withdrawn, (name) => typeof name === "string" && isRepositoryName(name)) &&
    isListOf(files, isPin)
  );
}

function isHubSource(value: unknown): boolean {
  if (!isRecord(value) || typeof value.repository !== "string" || !isRepositoryName(value.repository)) return false;
  return value.revision === null || (typeof value.revision === "string" && isRevision(value.revision));
}

function isPin(value: unknown): boolean {
  if (!isRecord(value) || typeof value.path !== "string" || !isSafePath(value.path)) return false;
  return value.sha256 === null || isSha256(value.sha256);
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): value is readonly unknown[] {
  return Array.isArray(value) && value.every(isItem);
}
