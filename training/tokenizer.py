"""The tokenizer: byte-level byte-pair encoding in CLIP's format (`</w>` marks the end of a word).

Bytes are the alphabet, so no word is unknown; merges are learned from English and Ukrainian captions in
equal parts, so that frequent words of both are single tokens.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers.models.clip.tokenization_clip import CLIPTokenizer

START, END = "<|startoftext|>", "<|endoftext|>"
LENGTH = 40
"""Tokens of a prompt, start and end included."""

PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"


def bytes_to_unicode() -> list[str]:
    """A printable character for each byte, in GPT-2's order."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [b for b in range(256) if b not in printable]
    return [chr(b) for b in printable] + [chr(256 + n) for n in range(len(others))]


def blank(vocab: dict[str, int] | None = None, merges: list[tuple[str, str]] | None = None) -> Tokenizer:
    """CLIP's pipeline of text cleaning and splitting, with or without learned merges."""
    model = models.BPE(
        vocab=vocab,
        merges=merges,
        end_of_word_suffix="</w>",
        continuing_subword_prefix="",
        unk_token=END if vocab else None,
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    return tokenizer


def train(captions: Iterable[str], folder: Path, size: int = 6000) -> None:
    """Learns merges and writes vocab.json, merges.txt, tokenizer_config.json, special_tokens_map.json."""
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=8,
        end_of_word_suffix="</w>",
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    learner = blank()
    learner.train_from_iterator(captions, trainer)
    merges = [
        tuple(m) if isinstance(m, list) else tuple(m.split(" "))
        for m in json.loads(learner.to_str())["model"]["merges"]
    ]
    letters = bytes_to_unicode()
    words = [*letters, *(letter + "</w>" for letter in letters), *("".join(pair) for pair in merges), START, END]
    vocab = {word: n for n, word in enumerate(dict.fromkeys(words))}
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "vocab.json", vocab)
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "CLIPTokenizer",
            "model_max_length": LENGTH,
            "do_lower_case": True,
            "add_prefix_space": False,
            "errors": "replace",
            "bos_token": START,
            "eos_token": END,
            "pad_token": END,
            "unk_token": END,
        },
    )
    write_json(
        folder / "special_tokens_map.json", {"bos_token": START, "eos_token": END, "pad_token": END, "unk_token": END}
    )


def write_json(path: Path, value: object) -> None:
    """Indented JSON, letters as themselves."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def load(folder: Path) -> Tokenizer:
    """The fast tokenizer: `encode_batch(texts)` gives exactly LENGTH ids each."""
    vocab = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    lines = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()[1:]
    tokenizer = blank(vocab, [tuple(line.split(" ")) for line in lines])
    start, end = vocab[START], vocab[END]
    tokenizer.post_processor = processors.RobertaProcessing(
        (END, end), (START, start), add_prefix_space=False, trim_offsets=False
    )
    tokenizer.enable_truncation(LENGTH)
    tokenizer.enable_padding(length=LENGTH, pad_id=end, pad_token=END)
    return tokenizer


def check(folder: Path, texts: list[str]) -> None:
    """Raises unless transformers' own CLIPTokenizer, reading the folder, gives the same ids."""
    theirs = CLIPTokenizer.from_pretrained(folder)
    for text, ours in zip(texts, load(folder).encode_batch(texts)):
        ids = theirs(text, padding="max_length", truncation=True, max_length=LENGTH)["input_ids"]
        if ids != ours.ids:
            raise ValueError(f"Cannot trust tokenizer: {text!r} is {ours.ids}; transformers gives {ids}")
