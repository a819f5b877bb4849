"""LoFT's classifiers the way one writes them with transformers and PEFT, to be timed beside LoFT's own.

Same protocol as peer.py. Needs torch, transformers and peft. Arguments: CLIP folder, class names joined by commas, side in
pixels, pictures of a step.

  clip N      N steps of one CLIP classifier: LoRA of rank 16 on q and v of both towers, texts encoded in each step
  resnet N    N steps of one small residual network of LoFT's shape, trained from nothing
"""

import sys
import time

import torch
from peft import LoraConfig, get_peft_model
from serve import serve
from torch import nn
from torch.nn import functional as F
from transformers import AutoTokenizer, CLIPModel


class Block(nn.Module):
    def __init__(self, wide, out, stride):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(wide, out, 3, stride, 1, bias=False), nn.GroupNorm(out // 4, out)
        self.conv2, self.norm2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.GroupNorm(out // 4, out)
        self.around = nn.Identity() if wide == out else nn.Sequential(nn.Conv2d(wide, out, 1, stride, bias=False), nn.GroupNorm(out // 4, out))

    def forward(self, x):
        inner = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(inner)) + self.around(x))


def resnet(classes):
    stem = [nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.GroupNorm(4, 16), nn.ReLU()]
    blocks = [Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2), Block(64, 128, 2)]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, classes))


class Peer:
    def __init__(self, folder, names, side, count):
        self.folder = folder
        self.names = names.split(",")
        prompts = [f"a photo of a {name}" for name in self.names]
        self.texts = AutoTokenizer.from_pretrained(folder)(prompts, padding=True, return_tensors="pt")
        self.pixels = torch.randn(int(count), 3, int(side), int(side))
        self.targets = F.one_hot(torch.arange(int(count)) % len(self.names), len(self.names)).float()
        self.trainings = {}

    def training(self, kind):
        if kind == "resnet":
            model = resnet(len(self.names))
            optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9, weight_decay=1e-4, fused=True)
            return optimizer, lambda: model(self.pixels)
        lora = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.1, target_modules=["q_proj", "v_proj"])
        model = get_peft_model(CLIPModel.from_pretrained(self.folder, dtype=torch.float32), lora).train()
        weights = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(weights, lr=1e-4, weight_decay=1e-4, fused=True)
        return optimizer, lambda: model(**self.texts, pixel_values=self.pixels).logits_per_image

    def train(self, kind, steps):
        if kind not in self.trainings:
            self.trainings[kind] = self.training(kind)
        optimizer, logits = self.trainings[kind]
        started = time.perf_counter()
        for _ in range(steps):
            F.cross_entropy(logits(), self.targets).backward()
            optimizer.step()
            optimizer.zero_grad()
        return steps * len(self.pixels) / (time.perf_counter() - started)

    def answer(self, words):
        match words:
            case ["clip" | "resnet" as kind, steps]:
                return self.train(kind, int(steps))
        raise SystemExit(f"unknown command: {' '.join(words)}")


if __name__ == "__main__":
    torch.manual_seed(0)
    serve(Peer(*sys.argv[1:]).answer)
