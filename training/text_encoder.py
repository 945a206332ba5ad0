"""The text encoder: a small CLIPTextModel that reads English and Ukrainian.

It is taught on captions alone, before any picture is drawn. CLIP's attention is causal and prompts are
padded with <|endoftext|>, so the last positions see the whole prompt; position LENGTH - 12 + k is taught
to hold attribute k (object, its colour, its eyes, background, ...), read out by a linear layer that is
thrown away afterwards. The other positions are drawn towards constants. The denoiser's cross-attention
then finds "colour of the eyes" at the same place whatever the wording, the language or the junk beside it.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

import tokenizer as tokenizers
from augment import disturb
from data import read_records
from loop import Run, autocast
from optimizer import Muon

SLOTS = (
    "object",
    "color",
    "eyes",
    "face",
    "background",
    "style",
    "count",
    "size",
    "relation",
    "object2",
    "color2",
    "eyes2",
)
WEIGHT = {"object": 1.0, "color": 1.0, "eyes": 1.5, "background": 1.0, "style": 0.3, "face": 0.3, "relation": 0.3}
RELATION_WORDS = (
    "above",
    "below",
    "front",
    "behind",
    "left",
    "next to",
    "beside",
    "зверху",
    "угорі",
    "спереду",
    "попереду",
    "поруч",
    "ліворуч",
)


class Vocabulary:
    """Class names of every slot, from the data's `vocab.json`."""

    def __init__(self, vocabulary: dict) -> None:
        none = "none"
        objects = [entry["id"] for entry in vocabulary["objects"]]
        colors, eyes = vocabulary["colors"], vocabulary["eye_colors"]
        self.classes: dict[str, list[str]] = {
            "object": objects,
            "color": [none, *colors],
            "eyes": [none, *eyes],
            "face": ["no", "yes"],
            "background": vocabulary["backgrounds"],
            "style": vocabulary["styles"],
            "count": ["1", "2", "3"],
            "size": [none, "small", "large"],
            "relation": [none, "beside", "above", "front"],
            "object2": [none, *objects],
            "color2": [none, *colors],
            "eyes2": [none, *eyes],
        }
        self.index = {slot: {name: n for n, name in enumerate(names)} for slot, names in self.classes.items()}

    def targets(self, record: dict) -> list[int]:
        """Class of each slot, in the order of SLOTS."""
        first, second = record["objects"][0], (record["objects"][1:] or [None])[0]
        values = {
            "object": first["id"],
            "color": first["color"] or "none",
            "eyes": first["eyes"] or "none",
            "face": "yes" if first["face"] else "no",
            "background": record["background"],
            "style": record["style"],
            "count": str(record["count"]),
            "size": record["size"] or "none",
            "relation": record["relation"] or "none",
            "object2": second["id"] if second else "none",
            "color2": (second and second["color"]) or "none",
            "eyes2": (second and second["eyes"]) or "none",
        }
        return [self.index[slot][values[slot]] for slot in SLOTS]


def build(vocabulary_size: int, end: int, width: int = 192, layers: int = 4) -> CLIPTextModel:
    """An untrained text encoder."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary_size,
            hidden_size=width,
            intermediate_size=4 * width,
            num_hidden_layers=layers,
            num_attention_heads=width // 32,
            max_position_embeddings=tokenizers.LENGTH,
            projection_dim=width,
            bos_token_id=end - 1,
            eos_token_id=end,
            pad_token_id=end,
            attention_dropout=0.0,
        )
    )


class Reader(nn.Module):
    """The text encoder with the layers that read its slots."""

    def __init__(self, encoder: CLIPTextModel, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.encoder = encoder
        width = encoder.config.hidden_size
        self.out = nn.ModuleList(nn.Linear(width, len(vocabulary.classes[slot])) for slot in SLOTS)
        self.out_constant = nn.Parameter(torch.zeros(tokenizers.LENGTH - len(SLOTS), width))

    def forward(self, ids: Tensor) -> tuple[list[Tensor], Tensor]:
        """Logits of each slot, and the mean square of the other positions' distance from their constants."""
        hidden = self.encoder(ids).last_hidden_state
        words, slots = hidden[:, : -len(SLOTS)], hidden[:, -len(SLOTS) :]
        logits = [head(slots[:, n]).float() for n, head in enumerate(self.out)]
        return logits, (words.float() - self.out_constant).square().mean()


def loss_of(logits: list[Tensor], targets: Tensor, unordered: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Cross-entropy; where the caption gives two objects no order, the better of both orders counts."""
    index = {slot: n for n, slot in enumerate(SLOTS)}

    def entropy(slot: str, target: Tensor) -> Tensor:
        return WEIGHT.get(slot, 0.5) * F.cross_entropy(logits[index[slot]], target, reduction="none")

    columns = {slot: targets[:, n] for slot, n in index.items()}
    fixed = sum(entropy(s, columns[s]) for s in ("face", "background", "style", "count", "size", "relation"))
    pair = ("object", "color", "eyes")
    straight = sum(entropy(s, columns[s]) + entropy(s + "2", columns[s + "2"]) for s in pair)
    # `object2` counts from "none", so classes shift by one between the first and the second object.
    swapped_targets = {
        "object": (columns["object2"] - 1).clamp(min=0),
        "object2": columns["object"] + 1,
        "color": columns["color2"],
        "color2": columns["color"],
        "eyes": columns["eyes2"],
        "eyes2": columns["eyes"],
    }
    swapped = sum(entropy(s, t) for s, t in swapped_targets.items())
    ordered = torch.where(unordered & (swapped < straight), swapped, straight)
    right = {s: (logits[index[s]].argmax(1) == columns[s]).float().mean() for s in SLOTS}
    return (fixed + ordered).mean(), right


class Captions:
    """Captions with their targets; a batch takes both languages alike."""

    def __init__(self, folders: list[Path], vocabulary: Vocabulary) -> None:
        self.records = [
            (vocabulary.targets(r), r["captions_en"], r["captions_uk"])
            for folder in folders
            for path in sorted(folder.glob("records-*.jsonl"))
            for r in read_records(path)
        ]

    def batch(
        self, count: int, source: random.Random, disturbed: float = 0.5, language: int | None = None
    ) -> tuple[list[str], Tensor, Tensor]:
        """Texts, targets [count, slots], and whether the text leaves its two objects unordered."""
        texts, targets, unordered = [], [], []
        for n in range(count):
            target, *captions = source.choice(self.records)
            text = source.choice(captions[n % 2 if language is None else language])
            unordered.append(target[9] != 0 and not any(word in text.lower() for word in RELATION_WORDS))
            texts.append(disturb(text, source) if source.random() < disturbed else text)
            targets.append(target)
        return texts, torch.tensor(targets), torch.tensor(unordered)


@torch.no_grad()
def measure(
    reader: Reader, tok: object, captions: Captions, device: str, disturbed: float = 0.0
) -> dict[str, dict[str, float]]:
    """Share of right answers for each slot and language on captions not trained on."""
    table = {}
    for language, name in enumerate(("english", "ukrainian")):
        texts, targets, unordered = captions.batch(1000, random.Random(5), disturbed, language)
        ids = torch.tensor([e.ids for e in tok.encode_batch(texts)])
        keep = ~unordered
        _, right = loss_of(reader(ids[keep].to(device))[0], targets[keep].to(device), unordered[keep].to(device))
        table[name] = {slot: round(float(value), 4) for slot, value in right.items()}
    return table


def train(
    text: Path,
    out: Path,
    seconds: float,
    batch: int = 128,
    learning_rate: float = 2e-3,
    device: str = "cpu",
    width: int = 192,
    layers: int = 4,
) -> CLIPTextModel:
    """Learns merges, then attributes, for `seconds`; the result lies in `out` as transformers saves it."""
    torch.manual_seed(2)
    run = Run(out, seconds)
    vocabulary = Vocabulary(json.loads((text / "vocab.json").read_text()))
    captions = Captions([text], vocabulary)
    held = Captions.__new__(Captions)
    held.records = captions.records[-4000:]
    del captions.records[-4000:]
    if not (out / "tokenizer" / "vocab.json").exists():
        lines = [t for r in captions.records[:40000] for language in r[1:] for t in language[:2]]
        tokenizers.train(lines, out / "tokenizer")
        tokenizers.check(out / "tokenizer", [*lines[:200], "м'яч 3D!", "  A  BLACK cat's  ", ""])
    tok = tokenizers.load(out / "tokenizer")
    size = tok.get_vocab_size()
    reader = Reader(build(size, size - 1, width, layers), vocabulary).to(device)
    optimizer = Muon(reader, learning_rate, learning_rate, ("out", "out_constant", "embeddings"))
    state = run.load(device)
    if state:
        reader.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    source = random.Random(run.step)

    def save() -> None:
        for disturbed in (0.0, 1.0):
            print(
                "right, disturbed" if disturbed else "right", measure(reader, tok, held, device, disturbed), flush=True
            )
        run.save(model=reader.state_dict(), optimizer=optimizer.state_dict())
        reader.encoder.save_pretrained(out / "text_encoder")
        run.draw_curve()
        run.skip_time()

    run.skip_time()
    while not run.done:
        optimizer.scale_rate(run.rate(0.4))
        texts, targets, unordered = captions.batch(batch, source)
        ids = torch.tensor([e.ids for e in tok.encode_batch(texts)]).to(device)
        with autocast(device):
            logits, restless = reader(ids)
        loss, right = loss_of(logits, targets.to(device), unordered.to(device))
        optimizer.zero_grad(set_to_none=True)
        (loss + 0.3 * restless).backward()
        nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimizer.step()
        run.tick(batch)
        if run.step % 20 == 0:
            run.log(loss=loss, restless=restless, **{s: right[s] for s in ("object", "color", "eyes", "background")})
        if run.step % 300 == 0:
            save()
    save()
    return reader.encoder


class Encoder:
    """Frozen: texts -> last_hidden_state [B, LENGTH, width]."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        self.tokenizer = tokenizers.load(folder / "tokenizer")
        self.model = CLIPTextModel.from_pretrained(folder / "text_encoder").to(device).eval().requires_grad_(False)
        self.device = device

    @torch.no_grad()
    def __call__(self, texts: list[str]) -> Tensor:
        ids = torch.tensor([e.ids for e in self.tokenizer.encode_batch(texts)]).to(self.device)
        return self.model(ids).last_hidden_state.float()
