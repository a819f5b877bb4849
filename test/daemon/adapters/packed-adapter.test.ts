/** Adapters of two networks in one packed row. */
import { expect, test } from "vitest";
import { initialLora, loraFromPacked, loraLayout } from "../../../daemon/adapters/lora.ts";
import {
  adapterFromPacked,
  initialAdapter,
  packedFromAdapter,
  packedSize,
} from "../../../daemon/adapters/packed-adapter.ts";
import { randomStream } from "../../../daemon/base/random.ts";

const unet = loraLayout(2, [{ name: "one.to_q", inFeatures: 3, outFeatures: 4 }]);
const textEncoder = loraLayout(3, [
  { name: "layers.0.q_proj", inFeatures: 5, outFeatures: 2 },
  { name: "layers.0.v_proj", inFeatures: 2, outFeatures: 2 },
]);

test("a row of both networks goes there and back", () => {
  const layouts = { unet, textEncoder };
  const packed = randomStream("packed").normals(packedSize(layouts));
  const adapter = adapterFromPacked(layouts, 6, packed);
  expect(packed.length).toBe(2 * 7 + 3 * (7 + 4));
  expect(adapter.unet).toEqual(loraFromPacked(unet, 6, packed.slice(0, unet.parameterCount)));
  expect(adapter.textEncoder.modules.map(({ rank, alpha }) => [rank, alpha])).toEqual([
    [3, 6],
    [3, 6],
  ]);
  expect(packedFromAdapter(layouts, adapter)).toEqual(packed);
});

test("without a text encoder the row is that of the U-Net", () => {
  const packed = randomStream("packed").normals(unet.parameterCount);
  const adapter = adapterFromPacked({ unet }, 2, packed);
  expect(adapter.textEncoder.modules).toEqual([]);
  expect(packedFromAdapter({ unet }, adapter)).toEqual(packed);
});

test("each network starts from its own stream", () => {
  const start = initialAdapter({ unet, textEncoder }, (network) => randomStream(network));
  expect(start).toEqual(
    Float32Array.of(
      ...initialLora(unet, randomStream("unet")),
      ...initialLora(textEncoder, randomStream("textEncoder")),
    ),
  );
});
