"""The embedded illustrator as a backend: words into a scene, the scene into a picture.

The words and the painting library are loaded with the first picture, in the process that paints.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import AsyncGenerator
from dataclasses import replace
from functools import partial

from chatsite.backend.errors import InvalidRequest, Unavailable
from chatsite.backend.illustrator.scene import Scene
from chatsite.backend.imaging import files
from chatsite.backend.imaging.masks import open_area, within_mask
from chatsite.backend.imaging.terms import ILLUSTRATOR, ImageTerms, terms_for
from chatsite.backend.types import (
    ImageEvent,
    ImageMade,
    ImageProgress,
    ImageRequest,
    ModelInfo,
)

_MODEL = ModelInfo(
    id=ILLUSTRATOR,
    backend=ILLUSTRATOR,
    upstream_id=ILLUSTRATOR,
    capabilities=frozenset({"images", "image_edits", "image_variations"}),
    description="Draws by rules, without a learnt model: it knows a few hundred things.",
    built_in=True,
)


class IllustratorBackend:
    """Paints by itself, with no weights and no network."""

    name = ILLUSTRATOR
    label = "Built-in illustrator"
    freshness = math.inf

    async def models(self) -> tuple[ModelInfo, ...]:
        return (_MODEL,)

    async def draw(
        self, request: ImageRequest, model: ModelInfo
    ) -> AsyncGenerator[ImageEvent, None]:
        """Raises InvalidRequest for pictures that it has not drawn itself."""
        terms = terms_for(model)
        first = secrets.randbelow(2**31) if request.seed is None else request.seed
        for index in range(request.n):
            seed = first + index
            yield ImageProgress(index, 0.05)
            yield await asyncio.to_thread(partial(_drawn, request, terms, index, seed))

    async def aclose(self) -> None:
        """It has no connections."""


def _drawn(request: ImageRequest, terms: ImageTerms, index: int, seed: int) -> ImageMade:
    try:
        from chatsite.backend.illustrator.composition import compose
        from chatsite.backend.illustrator.language.description import describe
        from chatsite.backend.illustrator.painting.picture import render
    except ImportError as error:
        raise Unavailable(
            f"The illustrator cannot paint here: {error}. On Debian: apt-get install libegl1 libgl1"
        ) from error
    scene = compose(_scene(request, terms, seed))
    data = files.encode(render(scene), "png")
    if request.mask is not None:
        data = within_mask(request.images[0], data, request.mask)
    return ImageMade(index, data, describe(scene), scene.seed, scene.to_json())


def _scene(request: ImageRequest, terms: ImageTerms, seed: int) -> Scene:
    from chatsite.backend.illustrator.aiming import aimed
    from chatsite.backend.illustrator.language.parser import read
    from chatsite.backend.illustrator.language.refinement import refine

    style = str(request.params.get("style") or "")
    if request.operation == "generation":
        width, height = request.size or terms.default_size
        # The API's two styles are how much is made of the colours; the prompt may name another.
        wanted = style if style not in {"", "natural"} else None
        return read(request.prompt, width=width, height=height, seed=seed, style=wanted)
    if request.scene is None:
        raise InvalidRequest(
            "The built-in illustrator changes only pictures that it has drawn itself. For photos "
            "and other pictures connect a model that edits, such as gpt-image-1.",
            param="image",
            code="unsupported_image",
        )
    scene = Scene.from_json(request.scene)
    if request.size is not None:
        scene = replace(scene, width=request.size[0], height=request.size[1])
    if request.operation == "edit":
        changed = refine(scene, request.prompt)
        area = open_area(request.mask) if request.mask is not None else None
        return changed if area is None else aimed(scene, changed, area)
    # Another seed composes the same things anew.
    apart = tuple(replace(subject, at=None) for subject in scene.subjects)
    return replace(scene, seed=seed, subjects=apart)
