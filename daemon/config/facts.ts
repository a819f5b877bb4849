/**
 * What is known of the world around a configuration: folders, photos, models, costs. Types only: whoever looks at a
 * disk or measures a machine is handed in, so that the language server stays without either.
 */
import type { PlanCost } from "../../schemas/protocol.ts";

/** An entry of a folder; hidden ones are not listed. */
export type FolderItem = { readonly name: string; readonly kind: "file" | "folder" };

/** A class folder: how many of its files are photos, and the first of them by name. Copies are not told apart. */
export type ClassFacts = { readonly folder: string; readonly photoCount: number; readonly firstPhoto?: string };

/** What lies at the place of `data.folder`. */
export type DataFacts =
  | { readonly state: "not-a-folder" | "unreadable" }
  /** `similar`: the name beside it that was probably meant instead of the path's last part. */
  | { readonly state: "missing"; readonly similar?: string }
  | {
      readonly state: "folder";
      /** By name, those without photos as well. */
      readonly classes: readonly ClassFacts[];
      /** Photos beside the class folders. */
      readonly loosePhotos: number;
      /** A folder inside that holds class folders with photos, when there are none here: probably meant. */
      readonly deeper?: string;
    };

/** A base model: one that a configuration can name, or what its name turned out to be. */
export type ModelFacts = {
  readonly name: string;
  readonly state: "ready" | "incomplete" | "not-downloaded" | "unsupported" | "unknown";
  readonly title?: string;
  readonly license?: string;
  /** Absolute, where there is one. */
  readonly folder?: string;
  /** Why it is not ready, and what to do. */
  readonly problem?: { readonly what: string; readonly fix: string; readonly suggestion?: string };
  /** Side of the pictures it was made for, in px. */
  readonly side?: number;
  /** What a side must be a multiple of, in px. */
  readonly stride?: number;
  /** Inputs or outputs of the narrowest layer an adapter can attach to: a higher rank holds no more. */
  readonly narrowestLayer?: number;
};

/** A configuration file as another one reads it, or why it cannot be read. */
export type BaseText =
  | { readonly text: string }
  | { readonly failure: "missing" | "unreadable" | "too-large"; readonly code?: string };

/**
 * Who looks. All paths are absolute. Answers may be a little old; nothing is ever written. An aborted signal stops the
 * work; the answer is then a rejection or of no interest.
 */
export type ConfigFacts = {
  /** Undefined when there is no such folder, or it cannot be read. */
  readonly listFolder: (folder: string, signal: AbortSignal) => Promise<readonly FolderItem[] | undefined>;
  readonly data: (folder: string, signal: AbortSignal) => Promise<DataFacts>;
  /** A configuration that another one extends. */
  readonly baseText: (file: string, signal: AbortSignal) => Promise<BaseText>;
  readonly isFile: (file: string, signal: AbortSignal) => Promise<boolean>;
  /** The models that a configuration can call by name. */
  readonly models: (signal: AbortSignal) => Promise<readonly ModelFacts[]>;
  /** @param name as the configuration says it: a name, or a folder relative to `baseFolder` */
  readonly model: (name: string, baseFolder: string, signal: AbortSignal) => Promise<ModelFacts>;
  /** What the configuration, as it is saved, will cost; undefined when nobody can say. */
  readonly cost: (configFile: string, signal: AbortSignal) => Promise<PlanCost | undefined>;
  /** How a configuration in `folder` names the schema: a relative path or a URL. */
  readonly schemaReference: (folder: string) => string;
  /** Memory of this machine in bytes. */
  readonly memoryBytes: number;
};
