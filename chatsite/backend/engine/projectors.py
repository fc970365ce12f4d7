"""Projectors: the half of a model that sees, which llama.cpp keeps in a file of its own.

A projector is a GGUF file of the architecture "clip", as llama.cpp's convert_hf_to_gguf.py --mmproj
writes it. It turns a picture into vectors that stand among those of the words, so it works only
with the model that it was trained for, in whichever quantisation.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a hub's client picks projectors by their names, without NumPy
    from chatsite.backend.engine.discovery import GgufFile
    from chatsite.backend.engine.header import Tensor

HEARS = "This is the half of a model that hears, which is not used here."
HOW_TO_NAME_PROJECTOR = "Call the file MODEL.mmproj.gguf, with the id of its model for MODEL."
LONELY = f"It sees for a model that is not here. {HOW_TO_NAME_PROJECTOR}"

_SAYS_NOTHING = re.compile(
    r"(?<![a-z0-9])(mmproj|model|b?f16|f32|i?q\d(_(k|s|m|l|xl|xs|xxs|nl|\d))*)(?![a-z0-9])",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"-\d{5}-of-\d{5}$")
_LAST = re.compile(r"mm\.(\d+)\.bias")
_LAST_TENSORS = {"mm.input_projection.weight": 0, "mm.model.fc.weight": 1}
"""Where the length of the vectors stands in the shape of a projector's last tensor."""


def width_of(tensors: Iterable[Tensor]) -> int:
    """The length of the vectors that a projector makes, by its last tensor; 0 if that is unknown.

    Not by `clip.vision.projection_dim`: older files have CLIP's own there.
    """
    shapes = {tensor.name: tensor.shape for tensor in tensors}
    layers = [int(match[1]) for match in map(_LAST.fullmatch, shapes) if match]
    if layers:
        return shapes[f"mm.{max(layers)}.bias"][0]
    return next((shapes[name][at] for name, at in _LAST_TENSORS.items() if name in shapes), 0)


def called_after(projector: str, model: str) -> bool:
    """Whether a projector's file is called as a model's is, quantisations apart.

    "mmproj-gemma-3-4b-it-f16" is called after "gemma-3-4b-it-Q4_K_M".
    """
    return bare(projector) == bare(model) != ""


def bare(stem: str) -> str:
    """What a file's name says of the model: nothing where it is "mmproj-F16"."""
    return re.sub(r"[\W_]+", "", _SAYS_NOTHING.sub("", _SPLIT.sub("", stem))).lower()


def assigned(
    models: Mapping[str, GgufFile], projectors: Sequence[GgufFile], shelves: Collection[Path]
) -> tuple[dict[str, GgufFile], dict[Path, str]]:
    """By which projector each model sees, and of each that is not used why.

    `shelves` are the folders in which models of all kinds lie beside one another.
    """
    kinds: dict[Path, set[str]] = {}
    able = [model for model in models.values() if not (model.error or model.pooling)]
    for model in able:
        kinds.setdefault(model.path.parent, set()).add(bare(model.path.stem))
    found: dict[str, GgufFile] = {}
    unused = {projector.path: projector.error for projector in projectors}
    for model in able:
        folder = model.path.parent
        alone = folder not in shelves and len(kinds[folder]) == 1
        ranked = [(_kinship(each, model, alone), each) for each in projectors]
        kin = sorted((pair for pair in ranked if pair[0]), key=lambda pair: -pair[0])
        for _, projector in kin:
            if projector.width in (0, model.width):
                found.setdefault(model.id, projector)
            else:
                unused[projector.path] = (
                    f"It does not fit {model.id}: its vectors have {projector.width} values, "
                    f"those of the model {model.width}."
                )
    for projector in found.values():
        unused.pop(projector.path, None)
    return found, unused


def _kinship(projector: GgufFile, model: GgufFile, alone: bool) -> int:
    """How sure it is that a projector is this model's: 0 for not at all.

    The last thing that counts is a folder in which there are one model and one projector.
    """
    from chatsite.backend.engine.adapters import same_name

    if projector.error == HEARS:
        return 0
    if called_after(projector.path.stem, model.path.stem):
        return 3
    if same_name(projector.name, model.name):
        return 2
    beside = projector.path.parent == model.path.parent
    return 1 if alone and beside and not bare(projector.path.stem) else 0
