/** What a run can be exported as; the command line lists these without loading what writes them. */

export const exportFormats = [
  "adapters-kohya",
  "adapters-peft",
  "adapters-diffusers",
  "csv",
  "jsonl",
  "webdataset",
  "parquet",
] as const;

export type ExportFormat = (typeof exportFormats)[number];

export const exportDtypes = ["f16", "f32"] as const;

export type ExportDtype = (typeof exportDtypes)[number];
