/** The types of `*.loft.json`. Made from schemas/loft.schema.json by `npm run generate`. Do not edit. */

/**
 * The factors of the fused adapters: fixed, or drawn anew for each image.
 */
export type WeightsConfig =
  | {
      /**
       * The same weights for each image.
       */
      kind: "fixed";
      /**
       * One weight per fused adapter; they should sum to 1.
       *
       * @minItems 1
       */
      values?: number[];
    }
  | {
      /**
       * Weights drawn evenly from all that sum to 1.
       */
      kind: "uniform";
    }
  | {
      /**
       * Weights drawn from a symmetric Dirichlet distribution.
       */
      kind: "dirichlet";
      /**
       * Below 1 one adapter tends to win, at 1 all shares are equally likely, above 1 shares tend to be equal.
       */
      alpha?: number;
    };

/**
 * One run: a folder of a few real photos per class in, a synthetic training set out. The one source of every field's meaning, unit, default and example.
 */
export interface LoftConfig {
  /**
   * Where the editor finds this schema; LoFT itself does not read it.
   */
  $schema?: string;
  /**
   * Another configuration that fills in what this file leaves out, relative to this file. What this file says replaces it field by field. Paths in the other file stay relative to it; its name and output.folder are not inherited.
   */
  extends?: string;
  /**
   * What the run is called; names its output folder and its dataset card.
   */
  name?: string;
  /**
   * The diffusion model that the adapters attach to: a name that `loft models` lists, or a folder in diffusers layout, relative to this file.
   */
  model?: string;
  /**
   * How adapters and images follow from the photos. `loft`: one adapter per photo, adapters of a class fused for each image. The others are what it is compared with.
   */
  method?: "loft" | "datadream-class" | "datadream-dataset" | "class-prompt" | "caption-prompt";
  /**
   * The set of values that fills in what this file leaves out: `paper` for Stable Diffusion, `loft-mini` tuned for the bundled model, `auto` picks by model.
   */
  preset?: "auto" | "paper" | "loft-mini";
  /**
   * Names every random number of the run: the same seed and the same photos give the same dataset, whatever the batch sizes.
   */
  seed?: number;
  /**
   * The real photos.
   */
  data: {
    /**
     * A folder that holds one folder per class with that class's photos, relative to this file.
     */
    folder: string;
    /**
     * Photos used per class: the first ones by file name. null uses all.
     */
    shots?: number | null;
    /**
     * The name a class has in prompts and labels, by folder, where the folder's own name is not the best word.
     */
    classNames?: {
      [k: string]: string;
    };
  };
  /**
   * The words used in training and in sampling.
   */
  prompt?: {
    /**
     * The prompt; {class} becomes the class name and {domain} the domain word followed by a space, or nothing.
     */
    template?: string;
    /**
     * The word that says what kind of pictures these are; empty for everyday objects.
     */
    domain?: string;
    /**
     * What the pictures should not show; used by guidance only.
     */
    negative?: string;
    /**
     * The file of captions per class for the method caption-prompt, relative to this file: a text file of [class] lines with a caption a line below, or a .json object of lists; {class} and {domain} are filled in. null: none.
     */
    captions?: string | null;
  };
  /**
   * The low-rank pairs that are trained: for each photo, class or dataset, as the method says.
   */
  adapter?: {
    /**
     * Inner size of the low-rank pairs: how much an adapter can hold.
     */
    rank?: number;
    /**
     * Numerator of the adapter's scale alpha / rank.
     */
    alpha?: number;
    /**
     * The attention projections of the U-Net, self and cross, that an adapter attaches to.
     *
     * @minItems 1
     */
    targetModules?: ("to_q" | "to_k" | "to_v" | "to_out.0")[];
    /**
     * Train low-rank pairs on the text encoder's attention too (query, key, value and output of every layer), with the same rank and alpha.
     */
    textEncoder?: boolean;
  };
  /**
   * How each adapter is trained on its photos, with AdamW.
   */
  training?: {
    /**
     * Optimizer steps per adapter, each on examplesPerStep noised photos. Give this or epochs; null leaves it to epochs.
     */
    steps?: number | null;
    /**
     * Instead of steps: how often an adapter sees each of its photos. An epoch has as many steps as photos divided by examplesPerStep, rounded up.
     */
    epochs?: number | null;
    /**
     * Noised photos in one optimizer step of an adapter; the gradient is that of their mean loss.
     */
    examplesPerStep?: number;
    /**
     * Which square of a photo is trained on, once its short side has the resolution.
     */
    crop?: "center" | "random";
    /**
     * AdamW's step size after the warm-up.
     */
    learningRate?: number;
    /**
     * Steps over which the learning rate rises from 0 to its value.
     */
    warmupSteps?: number;
    /**
     * What the learning rate does after the warm-up.
     */
    schedule?: "cosine" | "constant_with_warmup" | "linear";
    /**
     * AdamW's decoupled weight decay.
     */
    weightDecay?: number;
    /**
     * AdamW's decay of the mean gradient.
     */
    beta1?: number;
    /**
     * AdamW's decay of the mean squared gradient.
     */
    beta2?: number;
    /**
     * AdamW's guard against division by zero.
     */
    epsilon?: number;
    /**
     * Each adapter's gradient is scaled down to this length when it is longer.
     */
    maxGradNorm?: number;
    /**
     * Side of the square pictures, in training and in sampling; photos are resized by their short side and cropped. null takes the model's own.
     */
    resolution?: number | null;
    /**
     * Adapters trained side by side in one step. Speed and memory only: each adapter comes out as if trained alone.
     */
    batchSize?: number;
    /**
     * An adapter's training ends before its last step once its loss falls by less than this share over a third of all steps, or over 100 of them where these are fewer; timesteps that were drawn by chance do not count. null trains to the last step.
     */
    earlyStop?: number | null;
  };
  /**
   * How adapters of a class come together for one image.
   */
  fusion?: {
    /**
     * How many adapters of the class are fused for each image. A class with fewer photos uses all it has.
     */
    adaptersPerImage?: number;
    weights?: WeightsConfig;
    /**
     * Adapters of other origin that take part in every image: files or folders of diffusers, PEFT or kohya for this base model, relative to this file.
     *
     * Items: An adapter file and its factor.
     */
    extra?: {
      /**
       * The adapter's file or folder, relative to this file.
       */
      file: string;
      /**
       * The factor of its change to the model.
       */
      weight?: number;
    }[];
  };
  /**
   * How the synthetic images are drawn.
   */
  sampling?: {
    /**
     * Synthetic images made for each class. Raising it later keeps the images that exist.
     */
    imagesPerClass?: number;
    /**
     * Denoising steps per image.
     */
    steps?: number;
    /**
     * Strength of classifier-free guidance; 1 switches it off and halves the work.
     */
    guidanceScale?: number;
    /**
     * The sampler that turns noise into a picture.
     */
    scheduler?: "model" | "ddim" | "pndm" | "dpm-solver++" | "euler";
    /**
     * Images drawn side by side, each with its own fusion. Speed and memory only: no image depends on its neighbors.
     */
    batchSize?: number;
    /**
     * Guidance only while the timestep lies between these two shares of the training timesteps, from 0 (no noise) to 1 (all noise); other steps cost half. null guides at all timesteps.
     *
     * @minItems 2
     * @maxItems 2
     */
    guidanceInterval?: number[] | null;
  };
  /**
   * Where the run goes and what its pictures say about themselves.
   */
  output?: {
    /**
     * The folder that receives adapters, images and manifests, relative to this file. It can be moved later.
     */
    folder?: string;
    /**
     * Leave prompts, seeds and adapters out of the PNG files. The manifest keeps them; `loft replay` cannot make such an image again.
     */
    stripMetadata?: boolean;
  };
  /**
   * What `loft evaluate` compares: classifiers trained on real photos, on synthetic images, and on both. Other commands do not read it.
   */
  evaluation?: {
    /**
     * A folder with one folder of pictures per class, relative to this file, that the classifiers are judged on. Nothing is trained or chosen with it.
     */
    test?: string;
    /**
     * A folder like the test folder that picks each classifier's best step. null: no choice, the last step counts.
     */
    validation?: string | null;
    /**
     * The CLIP model that becomes a classifier: a name that `loft models` lists, or a folder in transformers layout, relative to this file. Or resnet: a small network trained from nothing. A list: rows for each of them, so that a result does not hang on CLIP alone; adapters and images are made once for all.
     *
     * @minItems 1
     * @maxItems 16
     */
    classifier?: string | string[];
    /**
     * The kinds of rows in the table; the synthetic ones are there once for each method.
     *
     * @minItems 1
     */
    rows?: ("zero-shot" | "real" | "synthetic" | "real+synthetic")[];
    /**
     * Whose synthetic images are compared. Those of another method than this file's are made in methods/METHOD of the run folder, with this file's other settings.
     *
     * @minItems 1
     */
    methods?: ("loft" | "datadream-class" | "datadream-dataset" | "class-prompt" | "caption-prompt")[];
    /**
     * Prompts of zero-shot classification, with {class} and {domain}; the features of several are averaged.
     *
     * @minItems 1
     * @maxItems 1000
     */
    templates?: string[];
    /**
     * Real photos per class, one part of the table for each number. Where a class has more photos, each seed draws its own, and each method that learns from photos makes a set of images of each draw, in methods/METHOD-sSHOTS-seedSEED of the run folder.
     *
     * @minItems 1
     */
    shots?: number[];
    /**
     * How many synthetic images of each class the classifiers learn from, one part of the table for each number.
     *
     * @minItems 1
     */
    imagesPerClass?: number[];
    /**
     * Trainings of each row; the table shows their mean and standard deviation.
     */
    seeds?: number;
    /**
     * Optimizer steps of each classifier. A list: one number for each classifier.
     *
     * @minItems 1
     */
    steps?: number | number[];
    /**
     * Pictures in a step of a classifier; `syntheticShare` tells how many of them are synthetic where there are both kinds.
     */
    batchSize?: number;
    /**
     * Where a row has both kinds: the part of a classifier's batch that is synthetic. Each kind has at least one picture in it.
     */
    syntheticShare?: number;
    /**
     * Where a row has both kinds: the real pictures' part of a classifier's loss, however many of a batch they are. The paper on DataDream takes 0.8.
     */
    realLossShare?: number;
    /**
     * The learning rate of classifiers (AdamW; SGD for resnet), after the warm-up and before the cosine brings it to 0. A list: one for each classifier.
     *
     * @minItems 1
     */
    learningRate?: number | number[];
    /**
     * Synthetic images to whose class zero-shot classification gives less stay out of training. Nothing is deleted; the results tell how many. null: none is left out.
     */
    minLabelProbability?: number | null;
    /**
     * Synthetic images that are nearer to a real photo than this, by the cosine of CLIP's features, stay out of training: copies. null: none is left out.
     */
    maxPhotoCosine?: number | null;
    /**
     * Synthetic images that are nearer to an earlier image of their class than this, by the cosine of CLIP's features, stay out of training: duplicates. null: none is left out.
     */
    maxImageCosine?: number | null;
  };
  /**
   * What computes. Never part of a task's identity.
   */
  device?: {
    /**
     * The ONNX Runtime execution provider. `auto` takes CUDA where its libraries are installed, else the CPU; any other is used or refused, never replaced silently.
     */
    provider?: "auto" | "cpu" | "cuda" | "webgpu" | "coreml" | "dml";
    /**
     * Processor threads for computing. null lets the runtime choose.
     */
    threads?: number | null;
    /**
     * Nothing else uses the processor's cores: threads then wait busily, which is faster, but much slower when it is not true.
     */
    dedicated?: boolean;
  };
}
