/** Prompts of images without adapted text encoders: any number of them, a bounded number in memory. */
import { expect, test } from "vitest";
import { loftError } from "../../../daemon/base/errors.ts";
import { encodePrompts } from "../../../daemon/diffusion/encode-prompts.ts";
import { plainPrompts } from "../../../daemon/jobs/image-prompts.ts";
import type { Job } from "../../../daemon/jobs/job.ts";
import type { ImageTask } from "../../../daemon/pipeline/plan.ts";
import { loftErrorOf } from "../../support/loft-error.ts";
import { tinyModel } from "../../support/tiny-model.ts";

const images = Array.from({ length: 600 }, (_, index) => {
  return { id: String(index), prompt: `number ${index}`, negativePrompt: "" } as ImageTask;
});

test("hundreds of captions are encoded in a few turns, each as it would be alone", async () => {
  const model = await tinyModel();
  let turns = 0;
  const { embedsOf } = plainPrompts(jobWith(model), images, async () => {
    turns += 1;
  });
  const alone = await encodePrompts(model, ["number 0", "number 599", ""]);
  expect((await embedsOf(images[0]!)).promptEmbeds).toEqual(alone.get("number 0"));
  for (const image of images) expect((await embedsOf(image)).negativeEmbeds).toEqual(alone.get(""));
  expect((await embedsOf(images[599]!)).promptEmbeds).toEqual(alone.get("number 599"));
  expect(turns).toBe(3);
});

test("an interruption ends the encoding", async () => {
  const reason = loftError("interrupted", { what: "Stopped.", fix: "Go on." });
  const { embedsOf } = plainPrompts(jobWith(await tinyModel(), AbortSignal.abort(reason)), images, async () => {});
  await loftErrorOf(() => embedsOf(images[0]!), "interrupted");
});

function jobWith(diffusion: Awaited<ReturnType<typeof tinyModel>>, signal = new AbortController().signal) {
  return { model: { name: "tiny", hash: "", diffusion }, signal } as unknown as Pick<Job, "model" | "signal">;
}
