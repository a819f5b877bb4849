/** How CLIP wants its pictures (transformers' CLIPImageProcessor): resize, crop, scale, normalize. Pure. */
import type { ConfigFile } from "../checkpoint/diffusers-folder.ts";
import { isRecord } from "../checkpoint/json-text.ts";
import type { Picture } from "../data/picture.ts";
import { bicubic, bilinear, type Filter, resizeWindow } from "../data/resample.ts";
import { configReader } from "../diffusion/configs/config-reader.ts";
import { clipModel } from "./clip-config.ts";

/** Of a network that takes normalized RGB: mean and standard deviation of each channel, for values in [0, 1]. */
export type Normalization = { readonly mean: readonly number[]; readonly std: readonly number[] };

export type ClipProcessor = Normalization & {
  /** The short side after resizing, and the side of the square cut out of the middle, in pixels. */
  readonly shortestEdge: number;
  readonly cropSide: number;
  readonly resample: "bilinear" | "bicubic";
};

/** Of OpenAI's CLIP, for models without a preprocessor_config.json. */
export function defaultProcessor(imageSize: number): ClipProcessor {
  return {
    shortestEdge: imageSize,
    cropSide: imageSize,
    resample: "bicubic",
    mean: [0.48145466, 0.4578275, 0.40821073],
    std: [0.26862954, 0.26130258, 0.27577711],
  };
}

/**
 * Read a preprocessor_config.json.
 * @throws LoftError "model-config-invalid", "model-config-unsupported"
 */
export function readProcessor(file: ConfigFile): ClipProcessor {
  const read = configReader(file, clipModel);
  const types = ["CLIPImageProcessor", "CLIPImageProcessorFast", "CLIPImageProcessorPil", "CLIPFeatureExtractor"];
  read.only("image_processor_type", types);
  read.only("feature_extractor_type", ["CLIPFeatureExtractor"]);
  for (const unused of ["do_pad", "pad_size"]) read.only(unused, [null, false]);
  for (const step of ["do_resize", "do_center_crop", "do_normalize", "do_convert_rgb", "do_rescale"]) {
    read.only(step, [true]);
  }
  read.ignore([
    "size",
    "crop_size",
    "image_mean",
    "image_std",
    "rescale_factor",
    "processor_class",
    "default_to_square",
    // How transformers computes, not what.
    ...["data_format", "device", "disable_grouping", "input_data_format", "return_tensors"],
  ]);
  const resample = read.number("resample", 3, { integer: true, min: 2 });
  if (3 < resample) read.refuse("resample", "2 (bilinear) or 3 (bicubic)");
  read.finish();
  const shortestEdge = sideOf(file.json.size, "shortest_edge");
  const cropSide = sideOf(file.json.crop_size, "height") ?? shortestEdge;
  if (shortestEdge === undefined || cropSide === undefined || shortestEdge < cropSide) {
    return read.refuse("size", 'a "shortest_edge" that is not smaller than the crop');
  }
  const usual = defaultProcessor(cropSide);
  return {
    shortestEdge,
    cropSide,
    resample: resample === 3 ? "bicubic" : "bilinear",
    mean: channels(file.json.image_mean) ?? usual.mean,
    std: channels(file.json.image_std) ?? usual.std,
  };
}

/** Older files have a plain number, newer ones an object. */
function sideOf(value: unknown, key: string): number | undefined {
  const side = isRecord(value) ? value[key] : value;
  return typeof side === "number" && Number.isSafeInteger(side) && 0 < side ? side : undefined;
}

function channels(value: unknown): readonly number[] | undefined {
  const fits = Array.isArray(value) && value.length === 3 && value.every((each) => Number.isFinite(each) && each !== 0);
  return fits ? (value as number[]) : undefined;
}

/** The picture as the vision tower takes it when it is judged: [3, cropSide, cropSide]. */
export function processPicture(processor: ClipProcessor, picture: Picture): Float32Array {
  return normalizePicture(processor, cropPicture(processor, picture));
}

/** The short side resized, the middle cut out. */
export function cropPicture({ shortestEdge, cropSide, resample }: ClipProcessor, picture: Picture): Picture {
  const short = Math.min(picture.width, picture.height);
  const resized = (side: number) => (side === short ? shortestEdge : Math.floor((shortestEdge * side) / short));
  const [width, height] = [resized(picture.width), resized(picture.height)];
  const middle = (side: number) => ({ first: Math.floor((side - cropSide) / 2), size: cropSide });
  return resizeWindow(picture, { width, height }, { left: middle(width), top: middle(height) }, filters[resample]);
}

const filters: Readonly<Record<ClipProcessor["resample"], Filter>> = { bilinear, bicubic };

/** Bytes to (byte / 255 - mean) / std, channel planes [3, height, width]. */
export function normalizePicture({ mean, std }: Normalization, { width, height, rgb }: Picture): Float32Array {
  const plane = width * height;
  const values = new Float32Array(3 * plane);
  for (let channel = 0; channel < 3; channel += 1) {
    const [center, spread] = [mean[channel]!, std[channel]!];
    for (let pixel = 0; pixel < plane; pixel += 1) {
      values[channel * plane + pixel] = (rgb[pixel * 3 + channel]! / 255 - center) / spread;
    }
  }
  return values;
}
