"""Which method learns from what people said."""

from __future__ import annotations

from collections.abc import Mapping

LEARNS_FROM = {"dpo": "preferences", "kto": "judged", "supervised": "supervised"}
"""The kind of examples that each method learns from."""
AUTO = "auto"


def method_for(training: Mapping[str, int]) -> str:
    """The method that "auto" means for so many training examples of each kind.

    Preferences say the most, then thumbs; a correction makes a preference, too, so that chats
    alone are left where people only repeated what was said.
    """
    if training.get("preferences"):
        return "dpo"
    return "kto" if training.get("judged") else "supervised"
