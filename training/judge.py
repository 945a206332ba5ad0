"""The judge: a small classifier that names what a picture shows. It never helps to paint.

It is trained on renders with a seed of their own, at half size, and says: which core object ("other" for
the rest), the colour the object was given, the colour of its eyes ("none" where they were not coloured),
and the background. Its `features` serve for the Frechet distance and for nearest neighbours.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from data import Pictures
from loop import Ema, Run, autocast
from optimizer import Muon

HEADS = ("object", "color", "eyes", "background")
IGNORED = -100


class Block(nn.Module):
    """Two 3x3 convolutions around an identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.norm1(self.conv1(x)))
        return F.relu(x + self.norm2(self.conv2(h)))


class Judge(nn.Module):
    """Pictures [B, 3, 256, 256] in [0, 1] -> logits per head, and features [B, width]."""

    def __init__(self, labels: dict[str, list[str]], widths: tuple[int, ...] = (32, 64, 128, 192)) -> None:
        super().__init__()
        stem = nn.Sequential(
            nn.Conv2d(3, widths[0], 5, stride=2, padding=2, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU()
        )
        self.stages = nn.ModuleList([stem])
        for before, after in itertools.pairwise(widths):
            down = nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False)
            self.stages.append(nn.Sequential(down, nn.BatchNorm2d(after), nn.ReLU(), Block(after)))
        seen = widths[-1] + widths[-2]
        self.attend = nn.Conv2d(seen, len(HEADS), 1)
        self.heads = nn.ModuleDict({name: nn.Linear(widths[-1] + seen, len(labels[name])) for name in HEADS})

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        maps = [F.avg_pool2d(picture, 2) * 2 - 1]
        for stage in self.stages:
            maps.append(stage(maps[-1]))
        fine, coarse = maps[-2:]
        mean = coarse.mean((2, 3))
        # Each head also looks at its own place, where eyes are still a few pixels of many.
        both = torch.cat([fine, F.interpolate(coarse, scale_factor=2.0, mode="nearest")], 1)
        where = self.attend(both).flatten(2).softmax(-1)
        looked = where @ both.flatten(2).transpose(1, 2)
        logits = [self.heads[name](torch.cat([mean, looked[:, n]], 1)) for n, name in enumerate(HEADS)]
        return *logits, mean


def labels_of(vocabulary: dict) -> dict[str, list[str]]:
    """Class names of each head."""
    return {
        "object": [o["id"] for o in vocabulary["objects"] if o["core"]] + ["other"],
        "color": list(vocabulary["colors"]),
        "eyes": ["none", *vocabulary["eye_colors"]],
        "background": list(vocabulary["backgrounds"]),
    }


def targets_of(record: dict, index: dict[str, dict[str, int]]) -> list[int] | None:
    """Classes of a picture with one kind of object; None for pairs. A natural colour is not asked for."""
    if len(record["objects"]) != 1:
        return None
    thing = record["objects"][0]
    known = index["object"].get(thing["id"], index["object"]["other"])
    color = index["color"][thing["color"]] if thing["color"] else IGNORED
    return [known, color, index["eyes"][thing["eyes"] or "none"], index["background"][record["background"]]]


class Examples:
    """Single-object pictures of some folders, with targets."""

    def __init__(self, folders: list[Path], labels: dict[str, list[str]]) -> None:
        index = {head: {name: n for n, name in enumerate(names)} for head, names in labels.items()}
        self.pictures = Pictures(folders)
        self.rows = [
            (shard, row, target)
            for shard, records in enumerate(self.pictures.records)
            for row, record in enumerate(records)
            if (target := targets_of(record, index))
        ]

    def take(self, rows: list[int]) -> tuple[Tensor, Tensor]:
        """Pictures in [0, 1] and targets [N, heads]."""
        chosen = [self.rows[n] for n in rows]
        pixels = np.stack([self.pictures.shards[shard][row] for shard, row, _ in chosen])
        tensor = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div_(255)
        return tensor, torch.tensor([target for *_, target in chosen])


@torch.no_grad()
def accuracy(model: nn.Module, examples: Examples, count: int, device: str) -> dict[str, float]:
    """Share of right answers of each head, on the first `count` examples; colour where one was given."""
    right = {head: [0, 0] for head in HEADS}
    for start in range(0, min(count, len(examples.rows)), 50):
        pictures, targets = examples.take(list(range(start, min(start + 50, count, len(examples.rows)))))
        outputs = model(pictures.to(device))
        for n, head in enumerate(HEADS):
            asked = targets[:, n] != IGNORED
            right[head][0] += int((outputs[n].argmax(1).cpu() == targets[:, n])[asked].sum())
            right[head][1] += int(asked.sum())
    return {head: round(a / max(b, 1), 4) for head, (a, b) in right.items()}


def train(
    data: Path, test: Path, out: Path, seconds: float, batch: int = 32, learning_rate: float = 2e-3, device: str = "cpu"
) -> Judge:
    """Trains for `seconds` on `data`; `accuracy.json` holds its scores on `test`."""
    torch.manual_seed(4)
    run = Run(out, seconds)
    labels = labels_of(json.loads((data / "vocab.json").read_text()))
    (out / "labels.json").write_text(json.dumps(labels, indent=1) + "\n")
    examples, unseen = Examples([data], labels), Examples([test], labels)
    model = Judge(labels).to(device)
    ema = Ema(model, 0.99)
    optimizer = Muon(model, learning_rate, learning_rate, ("heads", "attend"))
    state = run.load(device)
    if state:
        model.load_state_dict(state["model"])
        ema.model.load_state_dict(state["ema"])
        optimizer.load_state_dict(state["optimizer"])
    generator = np.random.default_rng(run.step)

    def save(count: int) -> None:
        scores = accuracy(ema.model, unseen, count, device)
        print("unseen renders:", scores, flush=True)
        (out / "accuracy.json").write_text(json.dumps({"pictures": min(count, len(unseen.rows)), **scores}) + "\n")
        run.save(model=model.state_dict(), ema=ema.model.state_dict(), optimizer=optimizer.state_dict(), labels=labels)
        run.draw_curve()
        run.skip_time()

    run.skip_time()
    while not run.done:
        optimizer.scale_rate(run.rate(0.3))
        pictures, targets = examples.take(list(generator.integers(len(examples.rows), size=batch)))
        pictures = roughen(pictures, generator)
        with autocast(device):
            outputs = model(pictures.to(device))
        losses = {
            head: F.cross_entropy(outputs[n].float(), targets[:, n].to(device), ignore_index=IGNORED)
            for n, head in enumerate(HEADS)
        }
        optimizer.zero_grad(set_to_none=True)
        sum(losses.values()).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        ema.update(model, run.step)
        run.tick(batch)
        if run.step % 20 == 0:
            run.log(**losses)
        if run.step % 300 == 0:
            save(500)
    save(3000)
    return ema.model


def roughen(pictures: Tensor, generator: np.random.Generator) -> Tensor:
    """Mirrors, blurs and noise, so that a sample's slight softness is not what decides."""
    if generator.random() < 0.5:
        pictures = pictures.flip(-1)
    roll = generator.random()
    if roll < 0.7:
        # A painter's autoencoder is softer than any render: without this, eyes were read on sharp pictures only.
        small = F.avg_pool2d(pictures, 2 if roll < 0.25 else 4 if roll < 0.55 else 8)
        pictures = F.interpolate(small, size=pictures.shape[-2:], mode="bilinear", align_corners=False)
    if generator.random() < 0.3:
        pictures = (pictures + 0.03 * torch.randn_like(pictures)).clamp(0, 1)
    return pictures


def load(folder: Path, device: str = "cpu") -> tuple[Judge, dict[str, list[str]]]:
    """The averaged weights and the labels of a finished or running stage."""
    state = torch.load(folder / "checkpoint.pt", map_location=device, weights_only=False)
    model = Judge(state["labels"]).to(device).eval()
    model.load_state_dict(state["ema"])
    return model.requires_grad_(False), state["labels"]
