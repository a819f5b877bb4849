/** The classifier that a configuration can name beside CLIP models: a small residual network trained from nothing. */

/** As in `evaluation.classifier`. */
export const scratchClassifier = "resnet";
