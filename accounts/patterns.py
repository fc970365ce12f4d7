"""Names of models, and patterns of them: a whole id, or the beginning of ids with * at the end."""

from __future__ import annotations

from collections.abc import Iterable


def fits(pattern: str, model: str) -> bool:
    if pattern.endswith("*"):
        return model.startswith(pattern[:-1])
    return model == pattern


def most_specific(patterns: Iterable[str], model: str) -> str | None:
    """Of the patterns that fit, the id itself, else the longest; None where none fits."""
    fitting = [pattern for pattern in patterns if fits(pattern, model)]
    return max(fitting, key=lambda pattern: (not pattern.endswith("*"), len(pattern)), default=None)
