"""Latents of finished shards, encoded once by the frozen autoencoder, as the denoiser's training set."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from autoencoder import Autoencoder
from data import SIZE, read_records, records_path, to_tensor
from loop import autocast


@torch.no_grad()
def encode_shard(model: Autoencoder, images: Path, out: Path, device: str) -> None:
    """Writes `latents-NNNN.npy`, float16 [N, C, 16, 16], the posterior's mean."""
    pictures = np.fromfile(images, np.uint8).reshape(-1, SIZE, SIZE, 3)
    parts = []
    for start in range(0, len(pictures), 25):
        with autocast(device):
            parts.append(model.encode(to_tensor(pictures[start : start + 25]).to(device)).half().cpu().numpy())
    part = out.with_suffix(".part.npy")
    np.save(part, np.concatenate(parts))
    part.replace(out)


class LatentSet:
    """Latents with their captions; shards that appear later are encoded between training steps."""

    def __init__(self, data: Path, cache: Path, model: Autoencoder, device: str, limit: int | None = None) -> None:
        self.data, self.cache, self.model, self.device, self.limit = data, cache, model, device, limit
        cache.mkdir(parents=True, exist_ok=True)
        self.latents: list[Tensor] = []
        self.records: list[dict] = []
        self._done: set[Path] = set()

    def refresh(self, most: int = 10**9) -> int:
        """Takes in at most `most` new shards; returns how many it took."""
        taken = 0
        for images in sorted(self.data.glob("images-*.u8")):
            if images in self._done or taken >= most or (self.limit and len(self) >= self.limit):
                continue
            path = self.cache / images.name.replace("images-", "latents-").replace(".u8", ".npy")
            if not path.exists():
                encode_shard(self.model, images, path, self.device)
            self.latents.append(torch.from_numpy(np.load(path)).to(self.device))
            self.records.extend(read_records(records_path(images)))
            self._done.add(images)
            taken += 1
        if taken:
            self._all = torch.cat(self.latents)
            self.latents = [self._all]
            self._eyed = [row for row, record in enumerate(self.records) if record["objects"][0]["eyes"]]
        return taken

    def __len__(self) -> int:
        return len(self.records)

    def batch(self, count: int, source: random.Random, drop: float, eyed: float = 0.0) -> tuple[Tensor, list[str]]:
        """Latents [count, C, 16, 16] and a caption each: English or Ukrainian, or "" with probability `drop`.

        With probability `eyed` a picture is one of those with coloured eyes.
        """
        everything = range(len(self.records))
        rows = [
            source.choice(self._eyed if self._eyed and source.random() < eyed else everything) for _ in range(count)
        ]
        texts = []
        for row in rows:
            language = "captions_en" if source.random() < 0.5 else "captions_uk"
            texts.append("" if source.random() < drop else source.choice(self.records[row][language]))
        return self._all[rows].float(), texts
