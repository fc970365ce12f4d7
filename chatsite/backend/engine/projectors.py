"""Projectors: the half of a model that sees, which llama.cpp keeps in a file of its own.

A projector is a GGUF file of the architecture "clip", as llama.cpp's convert_hf_to_gguf.py --mmproj
writes it. It turns a picture into vectors that stand among those of the words, so it works only
with the model that it was trained for, in whichever quantisation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chatsite.backend.engine.header import BrokenFileError

HOW_TO_NAME_PROJECTOR = "Call the file MODEL.mmproj.gguf, with the id of its model for MODEL."

_SAYS_NOTHING = re.compile(
    r"(?<![a-z0-9])(mmproj|model|b?f16|f32|i?q\d+(_[a-z0-9]+)*)(?![a-z0-9])", re.IGNORECASE
)


def width_of(metadata: Mapping[str, Any]) -> int:
    """The length of the vectors that a projector makes; 0 where it does not say.

    Raises BrokenFileError for one that does not see.
    """
    if not metadata.get("clip.has_vision_encoder"):
        raise BrokenFileError("This is the half of a model that hears, which is not used here.")
    return int(metadata.get("clip.vision.projection_dim") or 0)


def called_after(projector: str, model: str) -> bool:
    """Whether a projector's file is called as a model's is, quantisations apart.

    "mmproj-gemma-3-4b-it-f16" is called after "gemma-3-4b-it-Q4_K_M".
    """
    return _bare(projector) == _bare(model) != ""


def says_nothing(projector: str) -> bool:
    """Whether a projector's file is called after no model, as "mmproj-F16" is."""
    return _bare(projector) == ""


def _bare(stem: str) -> str:
    return re.sub(r"[\W_]+", "", _SAYS_NOTHING.sub("", stem)).lower()
