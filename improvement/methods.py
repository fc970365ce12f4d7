"""Which method learns from what people said."""

from __future__ import annotations

from collections.abc import Mapping

LEARNS_FROM = {"dpo": "preferences", "kto": "judged", "supervised": "supervised"}
"""The kind of examples that each method learns from."""
AUTO = "auto"


def method_for(training: Mapping[str, int]) -> str:
    """The method that "auto" means for so many training examples of each kind.

    A preference says as much as two thumbs, one up and one down: what says more in all is learnt.
    A correction makes a preference, too, so that chats alone are left where people only repeated
    what was said.
    """
    preferences, judged = training.get("preferences", 0), training.get("judged", 0)
    if 2 * preferences >= judged and preferences:
        return "dpo"
    return "kto" if judged else "supervised"
