"""A few lines of Python."""

from __future__ import annotations

import random

from chatsite.backend.training.conversations.exchange import Exchange, decorated, words


def python(rng: random.Random) -> Exchange:
    """A few lines of Python, with a sentence about them at times."""
    entry = rng.choice(words("code")["entry"])
    block = f"```python\n{entry['code'].strip()}\n```"
    answer = f"{block}\n\n{entry['note']}" if rng.random() < 0.5 else block
    question = rng.choice(entry["questions"])
    if "Python" not in question and "python" not in question and rng.random() < 0.7:
        question = f"{question.rstrip('.?')} in Python."
    return Exchange(decorated(question, rng), answer, plain=False)
