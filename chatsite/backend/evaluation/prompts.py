"""The held-out prompts and their checks, read from a TOML file (`prompts.toml` says its form)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatsite.backend.evaluation.checks import KINDS, Check

PROMPTS = Path(__file__).with_name("prompts.toml")
"""The prompts that come with the site."""
REGEX_FLAGS = re.IGNORECASE | re.MULTILINE | re.DOTALL
_PHRASES = ("any", "all", "none")


class PromptsError(ValueError):
    """The file of prompts cannot be read, or holds something that is not a prompt."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked, turn by turn, and the checks that the answer to the last turn must pass."""

    group: str
    turns: tuple[str, ...]
    checks: tuple[Check, ...]
    system: str | None = None


def read_prompts(path: Path = PROMPTS, *, limit: int | None = None) -> tuple[Prompt, ...]:
    """The prompts of a file in its order, at most `limit` of each group. Raises PromptsError."""
    try:
        stored = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise PromptsError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise PromptsError(f"{path.name} is not TOML: {error}") from error
    prompts: list[Prompt] = []
    taken: dict[str, int] = {}
    for number, entry in enumerate(stored.get("prompt", ()), 1):
        try:
            prompt = _prompt(entry, stored.get("phrases", {}))
        except (KeyError, TypeError, ValueError, re.error) as error:
            raise PromptsError(f"{path.name}, prompt {number}: {error}") from error
        taken[prompt.group] = taken.get(prompt.group, 0) + 1
        if limit is None or taken[prompt.group] <= limit:
            prompts.append(prompt)
    if not prompts:
        raise PromptsError(f"{path.name} holds no prompts.")
    return tuple(prompts)


def _prompt(entry: Mapping[str, Any], phrases: Mapping[str, list[str]]) -> Prompt:
    rest = dict(entry)
    group, turns, system = rest.pop("group"), rest.pop("turns"), rest.pop("system", None)
    if not turns or not all(isinstance(turn, str) and turn.strip() for turn in turns):
        raise ValueError("turns must be texts")
    if not rest:
        raise ValueError("there is no check")
    checks = tuple(Check(kind, _value(kind, value, phrases)) for kind, value in rest.items())
    return Prompt(group, tuple(turns), checks, system)


def _value(kind: str, value: Any, phrases: Mapping[str, list[str]]) -> Any:
    if kind not in KINDS:
        raise ValueError(f"there is no check {kind!r}")
    wanted = KINDS[kind].value
    if kind in _PHRASES and isinstance(value, str):
        return tuple(phrases[value])
    if wanted == "regex":
        patterns = [value] if isinstance(value, str) else value
        return tuple(re.compile(pattern, REGEX_FLAGS) for pattern in patterns)
    if wanted == "phrases" and not isinstance(value, str):
        return tuple(str(phrase) for phrase in value)
    fits = {"count": int, "word": str, "flag": bool}.get(wanted)
    if fits is None or type(value) is not fits:
        raise ValueError(f"{kind} cannot be {value!r}")
    return value
