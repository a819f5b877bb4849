/** The defaults that no preset decides. Made from schemas/loft.schema.json by `npm run generate`. Do not edit. */
export const loftDefaults = {
  "model": "loft-mini",
  "method": "loft",
  "preset": "auto",
  "seed": 0,
  "data": {
    "shots": null,
    "classNames": {}
  },
  "prompt": {
    "template": "a {domain}photo of a {class}",
    "domain": "",
    "negative": "",
    "captions": null
  },
  "fusion": {
    "extra": []
  },
  "output": {
    "stripMetadata": false
  },
  "evaluation": {
    "validation": null,
    "classifier": "loft-mini-clip",
    "rows": [
      "zero-shot",
      "real",
      "synthetic",
      "real+synthetic"
    ],
    "seeds": 3,
    "steps": 200,
    "batchSize": 32,
    "syntheticShare": 0.5,
    "realLossShare": 0.8,
    "minLabelProbability": null,
    "maxPhotoCosine": null,
    "maxImageCosine": null
  },
  "device": {
    "provider": "auto",
    "threads": null,
    "dedicated": false
  }
} as const;
