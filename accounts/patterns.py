"""Names of models, and patterns of them: a whole id, or the beginning of ids with * at the end."""

from __future__ import annotations

from collections.abc import Iterable


def fits(pattern: str, model: str) -> bool:
    if pattern.endswith("*"):
        return model.startswith(pattern[:-1])
    return model == pattern


def most_specific(patterns: Iterable[str], *names: str) -> str | None:
    """Of the patterns that fit one of the names a name itself, else the longest, else None.

    Of equal ones it is that which comes first.
    """
    fitting = [pattern for pattern in patterns if any(fits(pattern, name) for name in names)]
    return max(fitting, key=lambda pattern: (not pattern.endswith("*"), len(pattern)), default=None)
