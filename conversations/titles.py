"""Titles that conversations get by themselves."""

from __future__ import annotations

import re

from chatsite.backend.types import ChatRequest, Message

LONGEST = 48
PROMPT = (
    "Give this conversation a title of two to six words in its own language. "
    "Answer with the title alone: no quotation marks, no full stop."
)


def title_from(text: str) -> str:
    """A title made of the first words of what was said."""
    line = next((line for line in text.splitlines() if line.strip(" #>*-`\t")), text)
    words = re.sub(r"[*_`#>\[\]]+", "", line).split()
    title = ""
    for word in words:
        if title and len(title) + len(word) + 1 > LONGEST:
            return f"{title.rstrip(',;:-')}…"
        title = f"{title} {word}".strip()
    return title if len(title) <= LONGEST else f"{title[: LONGEST - 1]}…"


def title_request(model: str, question: str, answer: str) -> ChatRequest:
    """Asks a model for a title of the conversation that begins so."""
    return ChatRequest(
        model=model,
        messages=(
            Message("system", PROMPT),
            Message("user", f"User: {question[:2000]}\n\nAssistant: {answer[:2000]}"),
        ),
        max_tokens=200,
    )


def clean_title(words: str) -> str:
    """A title out of what the model said; "" when it said something else."""
    line = next((line for line in words.splitlines() if line.strip()), "")
    plain = line.replace("**", "").replace("`", "").strip().strip("\"'“”«»*#")
    title = plain.removeprefix("Title:").strip().rstrip(".")
    return title if 0 < len(title) <= 80 else ""
