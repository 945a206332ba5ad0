"""Scores by PyTorch alone: what the judge says of samples, beside what it says of real renders.

`deno task eval` is the measure that counts, since it runs the shipped graphs; this one is at hand while
training, and asks the same questions of captions that the denoiser was not trained on.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from autoencoder import Autoencoder
from data import read_records
from denoiser import GUIDANCE, STEPS, generate
from judge import HEADS, IGNORED, targets_of
from loop import sheet
from text_encoder import Encoder


def chosen_records(folder: Path, labels: dict[str, list[str]], count: int) -> list[dict]:
    """The first `count` records with one core object, once."""
    records = []
    for path in sorted(folder.glob("records-*.jsonl")):
        for record in read_records(path):
            if len(record["objects"]) == 1 and record["count"] == 1 and record["objects"][0]["id"] in labels["object"]:
                records.append(record)
            if len(records) == count:
                return records
    return records


def shares(outputs: tuple[Tensor, ...], targets: Tensor) -> dict[str, float]:
    """Right answers of each head among those that are asked for."""
    result = {}
    for n, head in enumerate(HEADS):
        asked = targets[:, n] != IGNORED
        right = (outputs[n].argmax(1).cpu() == targets[:, n])[asked]
        result[head] = round(float(right.float().mean()), 4) if len(right) else float("nan")
    return result


@torch.no_grad()
def judge_samples(
    model: nn.Module,
    encoder: Encoder,
    autoencoder: Autoencoder,
    judge: nn.Module,
    labels: dict[str, list[str]],
    folder: Path,
    count: int,
    work: Path,
    device: str = "cpu",
    steps: int = STEPS,
    scale: float = GUIDANCE,
) -> dict:
    """Scores of samples for `count` unseen captions of each language; a sheet goes to `work`."""
    index = {head: {name: n for n, name in enumerate(names)} for head, names in labels.items()}
    records = chosen_records(folder, labels, count)
    targets = torch.tensor([targets_of(record, index) for record in records])
    report: dict = {"captions": len(records), "steps": steps, "guidance": scale}
    for language in ("en", "uk"):
        texts = [record[f"captions_{language}"][0] for record in records]
        pictures, logits = [], []
        for start in range(0, len(texts), 16):
            part = generate(model, encoder, autoencoder, texts[start : start + 16], [start + 1], steps, scale, device)
            pictures.append(part.cpu())
            logits.append([o.cpu() for o in judge((part.clamp(-1, 1) + 1) / 2)])
        outputs = tuple(torch.cat(column) for column in zip(*logits))
        report[language] = shares(outputs, targets)
        rows = torch.cat(pictures)[:32]
        sheet(list(rows.split(8)), work / f"report-{language}.png")
        (work / f"report-{language}.txt").write_text("\n".join(texts[:32]) + "\n", encoding="utf-8")
    return report
