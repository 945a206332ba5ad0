"""What every stage's training loop shares: time budget, log, curves, checkpoints, learning rate, EMA."""

from __future__ import annotations

import copy
import csv
import math
import os
import time
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn


class Run:
    """One stage's folder: `log.csv`, `curve.png`, `checkpoint.pt`, sample sheets; and its clock.

    A stage ends after `seconds` of its own time, counted over all its restarts, so that a killed stage
    continues where it was and the learning rate still falls to zero at the end.
    """

    def __init__(self, folder: Path, seconds: float, warmup: float = 0.02) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.seconds = seconds
        self.warmup = warmup
        self.step = 0
        self.seen = 0
        self.spent = 0.0
        self._last = time.time()
        self._columns: list[str] | None = None

    def tick(self, samples: int) -> None:
        """After each optimiser step."""
        now = time.time()
        self.step += 1
        self.seen += samples
        self.spent += now - self._last
        self._last = now

    def skip_time(self) -> None:
        """Leaves the time since the last tick out of the budget (a sheet, a wait for data)."""
        self._last = time.time()

    @property
    def progress(self) -> float:
        return min(1.0, self.spent / self.seconds)

    @property
    def done(self) -> bool:
        return self.spent >= self.seconds

    def rate(self, decay_from: float = 0.0) -> float:
        """Multiplier of the learning rate: linear warm-up, constant until `decay_from`, cosine to 0.02."""
        p = self.progress
        warm = min(1.0, (self.step + 1) / 50, (p + 1e-3) / self.warmup if self.warmup else 1.0)
        if p <= decay_from:
            return warm
        tail = (p - decay_from) / (1 - decay_from)
        return warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * tail)))

    def log(self, **values: float) -> None:
        """One line of `log.csv` and of the terminal."""
        row = {"step": self.step, "seen": self.seen, "seconds": round(self.spent, 1)}
        row |= {k: float(f"{float(v.detach() if isinstance(v, Tensor) else v):.6g}") for k, v in values.items()}
        path = self.folder / "log.csv"
        new = not path.exists()
        with open(path, "a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if new:
                writer.writeheader()
            writer.writerow(row)
        print(" ".join(f"{k} {v}" for k, v in row.items()), flush=True)

    def draw_curve(self) -> None:
        """`curve.png` from `log.csv`, every column after the first three on its own axis."""
        if not (self.folder / "log.csv").exists():
            return  # a stage of a few steps

        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot

        with open(self.folder / "log.csv") as file:
            rows = list(csv.DictReader(file))
        names = [n for n in rows[0] if n not in ("step", "seen", "seconds")]
        figure, axes = pyplot.subplots(1, len(names), figsize=(4 * len(names), 3), squeeze=False)
        for axis, name in zip(axes[0], names):
            axis.plot([float(r["seen"]) for r in rows], [float(r[name]) for r in rows])
            axis.set_title(name)
            axis.set_xlabel("samples seen")
        figure.tight_layout()
        figure.savefig(self.folder / "curve.png", dpi=80)
        pyplot.close(figure)

    def save(self, **state: object) -> None:
        """`checkpoint.pt`, replaced in one move so that a kill cannot spoil it."""
        own = {"step": self.step, "seen": self.seen, "spent": self.spent}
        part = self.folder / "checkpoint.part"
        torch.save({"run": own, **state}, part)
        os.replace(part, self.folder / "checkpoint.pt")

    def load(self, device: str | torch.device = "cpu") -> dict | None:
        """The checkpoint if there is one; the clock continues from it."""
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return None
        state = torch.load(path, map_location=device, weights_only=False)
        self.step, self.seen, self.spent = (state["run"][k] for k in ("step", "seen", "spent"))
        self._last = time.time()
        return state


class Ema:
    """Exponential moving average of weights; the horizon grows with the step, up to `decay`."""

    def __init__(self, model: nn.Module, decay: float = 0.999) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        own, new = list(self.model.parameters()), [p.detach() for p in model.parameters()]
        torch._foreach_lerp_(own, new, 1 - decay)
        for a, b in zip(self.model.buffers(), model.buffers()):
            a.copy_(b)


def sheet(rows: list[Tensor], path: Path) -> None:
    """A PNG of pictures in [-1, 1]; each tensor [N, 3, H, W] is one row."""
    lines = [torch.cat(list(row), dim=2) for row in rows]
    width = max(line.shape[2] for line in lines)
    lines = [torch.nn.functional.pad(line, (0, width - line.shape[2]), value=1.0) for line in lines]
    whole = torch.cat(lines, dim=1)
    data = ((whole.float().clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()
    part = path.with_suffix(".part.png")
    Image.fromarray(data).save(part)
    os.replace(part, path)


def multiplies_bfloat16(device: str) -> bool:
    """Whether bfloat16 is a gain there: a processor without AVX512-BF16 emulates it, up to 70 times slower."""
    return not device.startswith("cpu") or torch.cpu._is_avx512_bf16_supported()


def autocast(device: str) -> torch.autocast:
    """Mixed precision in bfloat16, where the device multiplies it; float32 elsewhere."""
    return torch.autocast(device.split(":")[0], torch.bfloat16, enabled=multiplies_bfloat16(device))
