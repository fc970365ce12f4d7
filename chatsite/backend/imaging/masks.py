"""Masks: where a picture may change."""

from __future__ import annotations

from PIL import Image, ImageOps

from chatsite.backend.imaging import files


def within_mask(before: bytes, after: bytes, mask: bytes) -> bytes:
    """`before` with the parts of `after` where the mask is transparent, as a PNG file."""
    old = files.decode(before).convert("RGBA")
    new = files.decode(after).convert("RGBA").resize(old.size, Image.Resampling.LANCZOS)
    alpha = files.decode(mask).convert("RGBA").getchannel("A").resize(old.size)
    return files.encode(Image.composite(new, old, ImageOps.invert(alpha)), "png")
