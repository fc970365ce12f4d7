"""Encoded pictures: judged before they are decoded, cleaned, made small, marked as generated.

Pillow decodes PNG, JPEG and WebP here, and nothing else that is not named, whatever a file calls
itself.
"""

from __future__ import annotations

import io
import warnings
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from chatsite.backend.errors import InvalidRequest

Format = Literal["png", "jpeg", "webp"]

FORMATS: tuple[Format, ...] = ("png", "jpeg", "webp")
LARGEST_BYTES = 50 * 1024**2
LARGEST_SIDE = 8192
LARGEST_PIXELS = 40_000_000
THUMBNAILS = (320, 640)
"""The longer side of the thumbnails in pixels, for screens of one and two densities."""
_PLACEHOLDER = 12
_SCAN = b"\xff\xda"
"""Begins each pass of a JPEG over its pixels; a few bytes can ask for another one of them all."""
_MOST_SCANS = 100
_NAMES = {"webp": "WebP"}
_CONTENT_TYPES: Mapping[str, str] = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
}
_TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
_ALGORITHM = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
<xmp:CreatorTool>{tool}</xmp:CreatorTool>
<Iptc4xmpExt:DigitalSourceType>{source}</Iptc4xmpExt:DigitalSourceType>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{prompt}</rdf:li></rdf:Alt></dc:description>
</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>"""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """What a picture file is: its format, and its size in pixels as it is to be shown."""

    format: Format
    width: int
    height: int

    @property
    def content_type(self) -> str:
        return _CONTENT_TYPES[self.format]


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """A picture in small: WebP of the THUMBNAILS' sizes, and a blurred one as a data URL."""

    files: tuple[bytes, ...]
    placeholder: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is written into a file about how it was made."""

    prompt: str
    model: str
    tool: str
    seed: int | None = None
    trained: bool = True
    """Whether the model learnt from pictures, which IPTC tells apart."""


def content_type(name: str) -> str:
    return _CONTENT_TYPES[name]


def decode(
    data: bytes,
    *,
    what: str = "The picture",
    param: str | None = None,
    formats: Sequence[str] = FORMATS,
) -> Image.Image:
    """The picture in a PNG, JPEG or WebP file, turned as its camera was held, all of it loaded.

    Of other `formats` it is the first picture. Raises InvalidRequest where it is something else,
    broken, cut short, or absurdly large; the size is judged by the header, before anything is
    decoded.
    """
    *most, last = (_NAMES.get(name, name.upper()) for name in formats)
    kinds = f"{', '.join(most)} or {last}"
    if len(data) > LARGEST_BYTES:
        raise _refusal(f"{what} is larger than {LARGEST_BYTES // 1024**2} MB.", param)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image: Image.Image = Image.open(
                io.BytesIO(data), formats=[name.upper() for name in formats]
            )
            _refuse_absurd(data, *image.size, what, param)
            image.load()
            if image.mode.startswith("I"):  # 16 bits: Pillow would make all but the darkest white
                image = image.point(lambda value: value / 256).convert("L")
            return ImageOps.exif_transpose(image)
    except InvalidRequest:
        raise
    except Image.DecompressionBombError as error:  # before there is a size to be told
        raise _refusal(f"{what} has more pixels than are taken. Make it smaller.", param) from error
    # Decoders of broken files raise whatever they meet.
    except Exception as error:
        raise _refusal(
            f"{what} is not a {kinds} file that can be read. Save it again as PNG.", param
        ) from error


def _refuse_absurd(data: bytes, width: int, height: int, what: str, param: str | None) -> None:
    if data.count(_SCAN) > _MOST_SCANS:
        raise _refusal(f"{what} is drawn over itself too often. Save it as PNG.", param)
    if max(width, height) > LARGEST_SIDE or width * height > LARGEST_PIXELS:
        raise _refusal(
            f"{what} has {width} x {height} pixels, and at most {LARGEST_SIDE} a side and "
            f"{LARGEST_PIXELS // 10**6} million in all are taken. Make it smaller.",
            param,
        )


def inspect(data: bytes) -> ImageFile:
    """The format and size of a file that `decode` takes. Raises InvalidRequest."""
    image = decode(data)
    return ImageFile(_sniff(data), image.width, image.height)


def clean(data: bytes, *, what: str = "The picture", param: str | None = None) -> bytes:
    """Somebody's own picture as a PNG of its pixels alone. Raises InvalidRequest."""
    image = decode(data, what=what, param=param)
    alpha = "A" in image.getbands() or "transparency" in image.info
    return encode(image.convert("RGBA" if alpha else "RGB"), "png")


def encode(
    image: Image.Image,
    to: Format,
    *,
    compression: int = 90,
    provenance: Provenance | None = None,
) -> bytes:
    """A file of this format; `compression` is the quality of JPEG and WebP, from 0 to 100."""
    buffer = io.BytesIO()
    options: dict[str, Any] = {}
    if provenance is not None:
        options["xmp"] = _xmp(provenance)
    if to == "png":
        options["compress_level"] = 4
        if provenance is not None:
            options = {"compress_level": 4, "pnginfo": _png_info(provenance)}
    else:
        options["quality"] = compression
    if to == "jpeg":
        image = flattened(image)
    image.save(buffer, to.upper(), **options)
    return buffer.getvalue()


def convert(
    data: bytes, to: Format, *, compression: int = 90, provenance: Provenance | None = None
) -> bytes:
    """The same picture in a file of this format. Raises InvalidRequest."""
    return encode(decode(data), to, compression=compression, provenance=provenance)


def thumbnails(image: Image.Image) -> Thumbnails:
    """The small forms of a picture."""
    files = []
    for side in THUMBNAILS:
        small = image.copy()
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        small.save(buffer, "WEBP", quality=78, method=4)
        files.append(buffer.getvalue())
    tiny = flattened(image)
    tiny.thumbnail((_PLACEHOLDER, _PLACEHOLDER), Image.Resampling.BOX)
    buffer = io.BytesIO()
    tiny.save(buffer, "WEBP", quality=40)
    return Thumbnails(
        tuple(files), f"data:image/webp;base64,{b64encode(buffer.getvalue()).decode('ascii')}"
    )


def flattened(image: Image.Image) -> Image.Image:
    """A copy without transparency, on white."""
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    ground = Image.new("RGBA", layered.size, "white")
    ground.alpha_composite(layered)
    return ground.convert("RGB")


def _sniff(data: bytes) -> Format:
    if data.startswith(b"\x89PNG"):
        return "png"
    return "jpeg" if data.startswith(b"\xff\xd8") else "webp"


def _refusal(message: str, param: str | None) -> InvalidRequest:
    return InvalidRequest(message, param=param, code="invalid_image")


def _xmp(provenance: Provenance) -> bytes:
    return _XMP.format(
        tool=escape(provenance.tool),
        source=_TRAINED if provenance.trained else _ALGORITHM,
        prompt=escape(provenance.prompt),
    ).encode()


def _png_info(provenance: Provenance) -> PngInfo:
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", _xmp(provenance).decode())
    info.add_itxt("prompt", provenance.prompt)
    info.add_itxt("model", provenance.model)
    if provenance.seed is not None:
        info.add_itxt("seed", str(provenance.seed))
    return info
