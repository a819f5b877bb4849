/** The list of all operations; the gradient test walks it, so an operation without a test row fails. */
import { erfOp, geluOp, reluOp, sigmoidOp, siluOp, softmaxOp } from "./activation.ts";
import { attentionOp } from "./attention.ts";
import { conv2dOp, convTranspose2dOp } from "./convolution.ts";
import { dropoutMaskOp } from "./dropout.ts";
import { addOp, cosOp, divOp, expOp, minimumOp, mulOp, sinOp, sqrtOp, subOp } from "./elementwise.ts";
import { castOp, gatherOp } from "./indexing.ts";
import { logSoftmaxOp } from "./log-softmax.ts";
import { linearOp, matmulOp } from "./matmul.ts";
import { concatOp, expandOp, reshapeOp, sliceOp, transposeOp } from "./movement.ts";
import { layerNormOp, standardizeOp } from "./normalization.ts";
import { reduceMeanOp, reduceSumOp } from "./reduction.ts";
import { averagePool2xOp, upsampleNearest2xOp } from "./resampling.ts";

export const ops = [
  addOp,
  subOp,
  mulOp,
  divOp,
  minimumOp,
  expOp,
  sqrtOp,
  sinOp,
  cosOp,
  reluOp,
  sigmoidOp,
  siluOp,
  erfOp,
  geluOp,
  softmaxOp,
  logSoftmaxOp,
  matmulOp,
  linearOp,
  conv2dOp,
  convTranspose2dOp,
  standardizeOp,
  layerNormOp,
  upsampleNearest2xOp,
  averagePool2xOp,
  reduceSumOp,
  reduceMeanOp,
  reshapeOp,
  transposeOp,
  expandOp,
  concatOp,
  sliceOp,
  gatherOp,
  castOp,
  attentionOp,
  dropoutMaskOp,
] as const;
