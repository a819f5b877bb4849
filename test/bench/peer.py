"""LoFT the way one writes it with diffusers and PEFT, to be timed beside LoFT: `npm run bench -- --peer PYTHON`.

Reads one command a line from standard input and answers each with one line of JSON: {"perSecond": ..., "peakBytes": ...}.
Needs torch, diffusers, peft, transformers, numpy and pillow. Arguments: model folder, photo folder, side in pixels.

  train plain N        one adapter, batch 1, photo and prompt encoded in every step; N steps
  train precomputed N  one adapter, batch 1, photo and prompt encoded once, fused AdamW
  train lanes K N      K adapters in one batch with LoRA layers of our own, photo and prompt encoded once
  sample plain N S     N images of S steps, one at a time, the pair set anew for each
  sample merged B N S  N batches of B images of S steps, one pair merged into the weights for all of them
  switch N             another pair of N adapters that are all in memory
"""

import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
from diffusers import DDPMScheduler, StableDiffusionPipeline
from peft import LoraConfig
from PIL import Image
from serve import serve

TARGETS = ["to_q", "to_k", "to_v", "to_out.0"]
RANK, GUIDANCE = 2, 2.0


class Lanes(torch.nn.Module):
    """A frozen linear layer with one low-rank pair for each row of the batch."""

    def __init__(self, frozen, count):
        super().__init__()
        self.frozen = frozen
        self.down = torch.nn.Parameter(torch.randn(count, frozen.in_features, RANK) / RANK)
        self.up = torch.nn.Parameter(torch.zeros(count, RANK, frozen.out_features))

    def forward(self, x):
        return torch.baddbmm(self.frozen(x), x @ self.down, self.up)


class Peer:
    def __init__(self, folder, photos, size):
        self.pipe = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32, safety_checker=None, requires_safety_checker=False)
        self.pipe.set_progress_bar_config(disable=True)
        for part in (self.pipe.unet, self.pipe.vae, self.pipe.text_encoder):
            part.requires_grad_(False)
        self.noise = DDPMScheduler.from_config(self.pipe.scheduler.config)
        self.size = size
        self.held = 0
        self.photos = torch.stack([self.read(path) for path in sorted(Path(photos).glob("*/*.png"))[:16]])

    def read(self, path):
        pixels = np.asarray(Image.open(path).convert("RGB").resize((self.size, self.size)), dtype=np.float32)
        return torch.from_numpy(pixels).permute(2, 0, 1) / 127.5 - 1

    @torch.no_grad()
    def text(self):
        tokenizer = self.pipe.tokenizer
        ids = tokenizer(["a photo of a cat"], padding="max_length", truncation=True, max_length=tokenizer.model_max_length, return_tensors="pt").input_ids
        return self.pipe.text_encoder(ids)[0]

    @torch.no_grad()
    def posterior(self, photos):
        return self.pipe.vae.encode(photos).latent_dist

    def losses(self, unet, posterior, text):
        clean = posterior.sample() * self.pipe.vae.config.scaling_factor
        noise = torch.randn_like(clean)
        at = torch.randint(0, self.noise.config.num_train_timesteps, (len(clean),))
        told = unet(self.noise.add_noise(clean, noise, at), at, text.expand(len(clean), -1, -1)).sample
        return (told - noise).square().mean((1, 2, 3))

    def add_pair(self, *names):
        for name in names:
            self.pipe.unet.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, init_lora_weights="gaussian", target_modules=TARGETS), adapter_name=name)

    def train(self, kind, steps):
        unet = self.pipe.unet
        self.add_pair("trained")
        weights = [p for p in unet.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(weights, lr=1e-3, weight_decay=1e-2, fused=kind == "precomputed" or None)
        photo = self.photos[:1]
        posterior, text = self.posterior(photo), self.text()
        started = time.perf_counter()
        for _ in range(steps):
            if kind == "plain":
                posterior, text = self.posterior(photo), self.text()
            self.losses(unet, posterior, text).mean().backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            optimizer.zero_grad()
        rate = steps / (time.perf_counter() - started)
        unet.unload_lora()
        return rate

    def train_lanes(self, count, steps):
        unet = self.pipe.unet
        frozen = {name: layer for name, layer in unet.named_modules() if isinstance(layer, torch.nn.Linear) and name.endswith(tuple("." + target for target in TARGETS))}
        for name, layer in frozen.items():
            unet.set_submodule(name, Lanes(layer, count))
        weights = [p for p in unet.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(weights, lr=1e-3, weight_decay=1e-2, fused=True)
        posterior, text = self.posterior(self.photos[:count]), self.text()
        started = time.perf_counter()
        for _ in range(steps):
            self.losses(unet, posterior, text).sum().backward()
            norms = torch.stack([p.grad.flatten(1).square().sum(1) for p in weights]).sum(0).sqrt()
            for p in weights:
                p.grad.mul_((1 / (norms + 1e-6)).clamp(max=1)[:, None, None])
            optimizer.step()
            optimizer.zero_grad()
        rate = count * steps / (time.perf_counter() - started)
        for name, layer in frozen.items():
            unet.set_submodule(name, layer)
        return rate

    def sample(self, batch, runs, steps):
        unet = self.pipe.unet
        self.add_pair("first", "second")
        merged = 1 < batch
        unet.set_adapters(["first", "second"], [0.5, 0.5])
        if merged:
            unet.fuse_lora(adapter_names=["first", "second"])
        started = time.perf_counter()
        for _ in range(runs):
            if not merged:
                unet.set_adapters(["first", "second"], [0.5, 0.5])
            self.pipe("a photo of a cat", height=self.size, width=self.size, guidance_scale=GUIDANCE, num_inference_steps=steps, num_images_per_prompt=batch, output_type="latent")
        rate = batch * runs / (time.perf_counter() - started)
        if merged:
            unet.unfuse_lora()
        unet.unload_lora()
        return rate

    def switch(self, count):
        """The adapters stay for the next turn: adding them takes the longer the more there are."""
        self.add_pair(*(f"adapter {index}" for index in range(self.held, count)))
        self.held = count
        pairs = [random.sample(range(count), 2) for _ in range(20)]
        started = time.perf_counter()
        for pair in pairs:
            self.pipe.unet.set_adapters([f"adapter {index}" for index in pair], [0.5, 0.5])
        return len(pairs) / (time.perf_counter() - started)

    def answer(self, words):
        match words:
            case ["train", "lanes", count, steps]:
                return self.train_lanes(int(count), int(steps))
            case ["train", kind, steps]:
                return self.train(kind, int(steps))
            case ["sample", "plain", runs, steps]:
                return self.sample(1, int(runs), int(steps))
            case ["sample", "merged", batch, runs, steps]:
                return self.sample(int(batch), int(runs), int(steps))
            case ["switch", count]:
                return self.switch(int(count))
        raise SystemExit(f"unknown command: {' '.join(words)}")


if __name__ == "__main__":
    torch.manual_seed(0)
    serve(Peer(sys.argv[1], sys.argv[2], int(sys.argv[3])).answer)
