"""Reading the rendered data: shards of raw pictures and their records, written by `deno task data`.

A folder holds `images-NNNN.u8` (N x 256 x 256 x 3 bytes, RGB) and `records-NNNN.jsonl` (N lines, one
object each, with the captions and the attributes). Shards appear one by one while training already
runs; `Pictures.refresh` picks up the new ones.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

SIZE = 256


class Pictures:
    """All finished shards of some folders, memory-mapped."""

    def __init__(self, folders: list[Path], keep_records: bool = True) -> None:
        self.folders = folders
        self.keep_records = keep_records
        self.shards: list[np.ndarray] = []
        self.records: list[list[dict]] = []
        self.names: list[str] = []
        self.refresh()

    def refresh(self) -> int:
        """Maps shards that are new since the last call; returns the number of pictures."""
        for folder in self.folders:
            for path in sorted(folder.glob("images-*.u8")):
                name = str(path)
                if name in self.names:
                    continue
                self.names.append(name)
                self.shards.append(np.memmap(path, np.uint8, "r").reshape(-1, SIZE, SIZE, 3))
                self.records.append(read_records(records_path(path)) if self.keep_records else [])
        return len(self)

    def __len__(self) -> int:
        return sum(len(shard) for shard in self.shards)

    def crops(self, count: int, size: int, generator: np.random.Generator) -> Tensor:
        """Random crops of random pictures, augmented, [count, 3, size, size] in [-1, 1]."""
        out = np.empty((count, size, size, 3), np.uint8)
        for i in range(count):
            shard = self.shards[generator.integers(len(self.shards))]
            picture = shard[generator.integers(len(shard))]
            # Corners are empty more often than not: of two crops take the busier.
            best = -1.0
            for _ in range(2):
                y, x = generator.integers(0, SIZE - size + 1, 2)
                crop = picture[y : y + size, x : x + size]
                busy = float(crop[::8, ::8].astype(np.float32).std())
                if busy > best:
                    best, out[i] = busy, crop
        return augment(to_tensor(out), generator)

    def sample(self, count: int, seed: int) -> Tensor:
        """Whole pictures, the same for the same seed and shards."""
        generator = np.random.default_rng(seed)
        rows = []
        for _ in range(count):
            shard = self.shards[generator.integers(len(self.shards))]
            rows.append(shard[generator.integers(len(shard))])
        return to_tensor(np.stack(rows))


def records_path(images: Path) -> Path:
    """The records beside a shard of images."""
    return images.with_name(images.name.replace("images-", "records-")).with_suffix(".jsonl")


def read_records(path: Path) -> list[dict]:
    """One object a line."""
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def to_tensor(pictures: np.ndarray) -> Tensor:
    """Bytes [N, H, W, 3] -> [N, 3, H, W] in [-1, 1]."""
    tensor = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
    return tensor.float().div_(127.5).sub_(1).contiguous()


def augment(batch: Tensor, generator: np.random.Generator) -> Tensor:
    """Mirrors, and for a third of the pictures permuted or inverted channels: more colours, same shapes."""
    for i in range(len(batch)):
        if generator.random() < 0.5:
            batch[i] = batch[i].flip(-1)
        if generator.random() < 0.33:
            batch[i] = batch[i][torch.from_numpy(generator.permutation(3))]
            if generator.random() < 0.5:
                batch[i] = -batch[i]
    return batch
