/** The text that a new configuration starts with. */
import { expect, test } from "vitest";
import { initialConfigText } from "../../../daemon/config/initial-config.ts";
import { parseConfig } from "../../../daemon/config/parse.ts";
import { validateConfig } from "../../../daemon/config/validate.ts";
import { choosePreset } from "../../../daemon/pipeline/presets.ts";

const schema = "./node_modules/loft/schemas/loft.schema.json";

test("is minimal", () => {
  const text = initialConfigText({ name: "pets", dataFolder: "my-photos/", classFolders: ["cat", "dog"], schema });
  expect(text).toBe(`{
  "$schema": "${schema}",
  "name": "pets",
  "data": {
    "folder": "my-photos"
  }
}
`);
});

test("proposes names for folders that are no plain words, and is valid", () => {
  const classFolders = ["apple_pie", "AnnualCrop", "001.Black_Bird", "n02123045", "T-shirt", "猫", "__", "a-b", "a_b"];
  const text = initialConfigText({ name: "x", dataFolder: "..\\photos\\train", classFolders, schema });
  const { config, problems } = validateConfig(parseConfig(text), choosePreset);
  expect(problems).toEqual([]);
  expect(config?.data).toEqual({
    folder: "../photos/train",
    classNames: {
      apple_pie: "apple pie",
      AnnualCrop: "annual crop",
      "001.Black_Bird": "Black Bird",
      "T-shirt": "T shirt",
    },
  });
});
