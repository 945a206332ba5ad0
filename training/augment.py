"""Words that say nothing, and slips of the pen: what prompts contain besides the attributes."""

from __future__ import annotations

import random

BEFORE = (
    "beautiful",
    "photo of",
    "a photo of",
    "cute",
    "draw",
    "please draw",
    "show me",
    "painting of",
    "sketch of",
    "one",
    "lovely",
    "nice",
    "the",
    "my",
    "some",
    "very",
    "generate",
    "illustration of",
    "realistic",
    "wild",
    "happy",
    "funny",
    "гарний",
    "мила",
    "милий",
    "фото",
    "намалюй",
    "картина",
    "ілюстрація",
    "покажи",
    "дуже",
    "мій",
    "смішний",
    "чудова",
    "зображення",
    "портрет",
    "один",
    "будь ласка",
    "цей",
    "якийсь",
    "справжній",
    "щасливий",
)
AFTER = (
    "4k",
    "8k",
    "highly detailed",
    "masterpiece",
    "trending on artstation",
    "best quality",
    "digital art",
    "sharp focus",
    "cinematic lighting",
    "hd",
    "emoji",
    "sticker",
    "clipart",
    "vector",
    "high resolution",
    "looking at you",
    "sitting",
    "at night",
    "in the forest",
    "smiling",
    "ultra realistic",
    "by a famous artist",
    "studio",
    "award winning",
    "шедевр",
    "висока якість",
    "деталізовано",
    "цифрове мистецтво",
    "наліпка",
    "вектор",
    "вночі",
    "у лісі",
    "сидить",
    "усміхається",
    "дивиться на тебе",
    "найкраща якість",
    "емодзі",
    "реалістично",
    "студія",
    "від відомого художника",
)
LATIN, CYRILLIC = "abcdefghijklmnoprstuvwyz", "абвгдежзиіїйклмнопрстуфхцчшщьюяє"
SKIPPED = {
    "a",
    "an",
    "the",
    "of",
    "is",
    "that",
    "icon",
    "emoji",
    "picture",
    "drawing",
    "image",
    "малюнок:",
    "картинка:",
    "емодзі:",
    "значок:",
    "зображення:",
}


def nonsense(source: random.Random) -> str:
    """A word of no language."""
    letters = source.choice((LATIN, CYRILLIC))
    return "".join(source.choice(letters) for _ in range(source.randint(2, 8)))


def slip(word: str, source: random.Random) -> str:
    """A word with two letters swapped, one doubled, or one left out."""
    if len(word) < 5:
        return word
    n = source.randint(1, len(word) - 3)
    return source.choice(
        (word[:n] + word[n + 1] + word[n] + word[n + 2 :], word[:n] + word[n] + word[n:], word[:n] + word[n + 1 :])
    )


def disturb(text: str, source: random.Random) -> str:
    """The same meaning, worse written."""
    words = [w for w in text.split(" ") if w.lower() not in SKIPPED or source.random() < 0.6]
    if source.random() < 0.2:
        n = source.randrange(len(words))
        words[n] = slip(words[n], source)
    text = " ".join(words)
    if source.random() < 0.4:
        text = f"{source.choice(BEFORE)} {text}"
    if source.random() < 0.15:
        text = f"{nonsense(source)} {text}"
    while source.random() < 0.4:
        extra = source.choice(AFTER) if source.random() < 0.75 else nonsense(source)
        text = f"{text}{source.choice((', ', ', ', ' '))}{extra}"
    if source.random() < 0.3:
        text = text.lower().rstrip(".!")
    return text
