"""What a model that makes pictures takes: sizes, numbers, qualities.

The terms of OpenAI's models are those of its API reference; other servers' models are not known
and take what they take.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatsite.backend.errors import InvalidRequest
from chatsite.backend.types import Capability, ModelInfo

ILLUSTRATOR = "illustrator"
DIFFUSERS = "diffusers"
SAMPLING = ("steps", "guidance_scale", "negative_prompt", "scheduler", "strength")
"""Parameters of diffusion, which OpenAI has no names for."""
_SIZE = re.compile(r"(\d{2,5})x(\d{2,5})")


@dataclass(frozen=True, slots=True)
class ImageTerms:
    """The bounds of a model's parameters. Without `sizes` any from `least` to `most` a side."""

    default_size: tuple[int, int] = (1024, 1024)
    sizes: tuple[str, ...] = ()
    least: int = 64
    most: int = 2048
    n: int = 10
    prompt: int = 32_000
    qualities: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    at_once: int = 10
    """Pictures that one upstream request may ask for."""
    answers_base64: bool = False
    """It answers with base64 alone, and takes the parameters of gpt-image models."""
    multiple: int = 1
    """Each side is a multiple of this."""
    opaque: bool = False
    """Nobody can see through what it makes."""
    samples: bool = False
    """It takes steps, guidance and the other parameters of diffusion."""


_SQUARES = ("256x256", "512x512", "1024x1024")
_GPT_IMAGE = ImageTerms(
    sizes=("1024x1024", "1536x1024", "1024x1536"),
    qualities=("low", "medium", "high", "auto"),
    answers_base64=True,
)
_TERMS: tuple[tuple[str, ImageTerms], ...] = (
    ("dall-e-2", ImageTerms(sizes=_SQUARES, prompt=1000, qualities=("standard",), opaque=True)),
    (
        "dall-e-3",
        ImageTerms(
            sizes=("1024x1024", "1792x1024", "1024x1792"),
            prompt=4000,
            qualities=("standard", "hd"),
            styles=("vivid", "natural"),
            at_once=1,
            opaque=True,
        ),
    ),
    ("gpt-image", _GPT_IMAGE),
    ("chatgpt-image", _GPT_IMAGE),
    (
        ILLUSTRATOR,
        ImageTerms(
            least=256,
            most=1792,
            opaque=True,
            prompt=4000,
            qualities=("standard", "hd", "low", "medium", "high", "auto"),
            styles=(
                "natural", "vivid", "watercolor", "oil", "ink", "pencil", "poster", "pixel",
                "papercut", "stained_glass", "neon", "blueprint", "sepia",
            ),
        ),
    ),
)  # fmt: skip


def is_image_model(model_id: str) -> bool:
    """Whether a listed model makes pictures, as far as its name tells."""
    name = model_id.rpartition("/")[2].lower()
    return name.startswith(
        ("dall-e", "gpt-image", "chatgpt-image", "stable-diffusion", "sdxl", "sd3", "flux")
    )


def image_capabilities(model_id: str) -> frozenset[Capability]:
    """What a model of that name can do with pictures."""
    name = model_id.rpartition("/")[2].lower()
    if name.startswith("dall-e-3"):
        return frozenset({"images"})
    if name.startswith("dall-e-2"):
        return frozenset({"images", "image_edits", "image_variations"})
    return frozenset({"images", "image_edits"})


def terms_for(model: ModelInfo) -> ImageTerms:
    """The terms of a model, by its name at its backend."""
    if model.backend == DIFFUSERS:
        side = model.side or 1024
        return ImageTerms((side, side), prompt=4000, multiple=8, samples=True, opaque=True)
    return next(
        (terms for name, terms in _TERMS if model.upstream_id.startswith(name)), ImageTerms()
    )


def parse_size(text: str | None, terms: ImageTerms) -> tuple[int, int] | None:
    """(width, height) of "1024x1024"; None for "auto" or nothing. Raises InvalidRequest."""
    if text is None or text == "auto":
        return None
    found = _SIZE.fullmatch(text)
    if found is None:
        raise _unfit("size", f"'{text}' is not a size such as '1024x1024'")
    width, height = (int(side) for side in found.groups())
    if terms.sizes and text not in terms.sizes:
        raise _unfit("size", f"this model makes {_listed((*terms.sizes, 'auto'))}, not '{text}'")
    if not terms.sizes and not (
        terms.least <= min(width, height) <= terms.most >= max(width, height)
    ):
        raise _unfit("size", f"each side must have {terms.least} to {terms.most} pixels")
    if width % terms.multiple or height % terms.multiple:
        raise _unfit("size", f"each side must be a multiple of {terms.multiple} pixels")
    return width, height


def check(terms: ImageTerms, *, prompt: str, n: int, params: Mapping[str, Any]) -> None:
    """Hold a request to a model's terms. Raises InvalidRequest."""
    quality, style = params.get("quality"), params.get("style")
    if len(prompt) > terms.prompt:
        raise InvalidRequest(
            f"Invalid value for 'prompt': this model reads at most {terms.prompt} characters, and "
            f"yours has {len(prompt)}.",
            param="prompt",
            code="string_above_max_length",
        )
    if n > terms.n:
        raise _unfit("n", f"this model makes at most {terms.n} at a time")
    if quality is not None and terms.qualities and quality not in (*terms.qualities, "auto"):
        raise _unfit("quality", f"this model knows {_listed(terms.qualities)}")
    for name in SAMPLING:
        if name in params and not terms.samples:
            raise InvalidRequest(
                f"This model does not take '{name}'.", param=name, code="unsupported_parameter"
            )
    if params.get("background") == "transparent":
        if terms.opaque:
            raise _unfit("background", "this model's pictures are opaque")
        if params.get("output_format") == "jpeg":
            raise _unfit("background", "a JPEG is opaque; ask for 'png' or 'webp'")
    if style is not None and terms.styles and style not in terms.styles:
        raise _unfit("style", f"this model knows {_listed(terms.styles)}")


def _unfit(param: str, words: str) -> InvalidRequest:
    return InvalidRequest(
        f"Invalid value for '{param}': {words}.", param=param, code="invalid_value"
    )


def _listed(names: tuple[str, ...]) -> str:
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def shaped_size(shape: str, terms: ImageTerms) -> str:
    """The model's size of that shape: square, portrait or landscape."""
    side = terms.default_size[0]
    long = side * 3 // 2
    shapes = {"portrait": f"{side}x{long}", "landscape": f"{long}x{side}"}
    wanted = shapes.get(shape, f"{side}x{side}")
    if not terms.sizes or wanted in terms.sizes:
        return wanted
    for size in terms.sizes:
        width, height = (int(side) for side in size.split("x"))
        if (shape == "portrait" and height > width) or (shape == "landscape" and width > height):
            return size
    return "1024x1024"
