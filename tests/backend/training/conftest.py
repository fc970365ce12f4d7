"""A small corpus in the form that the recipe reads."""

from __future__ import annotations

import json
import lzma
import random
from pathlib import Path
from typing import Any

import pytest

WORDS = ("river", "stone", "light", "garden", "winter", "quiet", "window", "letter", "music")


def _sentence(rng: random.Random) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(5, 12))).capitalize() + "."


def _chat(rng: random.Random) -> list[dict[str, str]]:
    system = [{"role": "system", "content": "Be brief."}] if rng.random() < 0.3 else []
    turns = []
    for _ in range(rng.randint(1, 3)):
        turns.append({"role": "user", "content": _sentence(rng)})
        turns.append({"role": "assistant", "content": _sentence(rng)})
    return system + turns


def _write(path: Path, lines: list[dict[str, Any]]) -> None:
    opened = lzma.open if path.suffix == ".xz" else open
    with opened(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """About 60 KB of text and of chats, and a few held-out ones."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = random.Random(7)
    texts = [" ".join(_sentence(rng) for _ in range(10)) for _ in range(50)]
    chats = [_chat(rng) for _ in range(150)]
    _write(folder / "text.jsonl.xz", [{"text": text, "source": "made"} for text in texts[5:]])
    _write(folder / "eval_text.jsonl", [{"text": text, "source": "made"} for text in texts[:5]])
    _write(folder / "chat.jsonl.xz", [{"messages": c, "source": "original"} for c in chats[9:]])
    _write(folder / "eval_chat.jsonl", [{"messages": c, "source": "original"} for c in chats[:9]])
    return folder
