"""Encoded pictures: what is taken, what is left of it, and what is refused."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from PIL import Image

from chatsite.backend.imaging import files
from tests.servers.site import ROOT


def test_five_hundred_broken_pictures_are_refused_in_words_with_little_memory_and_time() -> None:
    # In a process of its own: a decoder that crashes is to fail this test, not to end them all.
    tried = subprocess.run(
        [sys.executable, "-m", "tests.backend.imaging.broken"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (tried.returncode, tried.stderr) == (0, "")
    refused, passed, slowest, megabytes = (float(number) for number in tried.stdout.split())
    assert refused + passed > 500
    assert refused > 450
    assert slowest < 10  # seconds; a JPEG of many scans alone took 27
    assert megabytes < 400


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_nothing_of_where_and_by_what_it_was_taken_is_left(kind: str) -> None:
    image = Image.new("RGB", (30, 20), "red")
    exif = image.getexif()
    exif[0x010F] = "A camera"
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(0x8825)[1] = "N"
    buffer = io.BytesIO()
    image.save(buffer, kind, exif=exif, xmp=b"<x:xmpmeta>A place</x:xmpmeta>")
    assert b"A camera" in buffer.getvalue()
    kept = Image.open(io.BytesIO(files.clean(buffer.getvalue())))
    assert (kept.format, kept.size, dict(kept.getexif()), kept.info) == ("PNG", (20, 30), {}, {})


def test_a_moving_picture_is_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), name) for name in ("red", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    kept = files.decode(files.clean(buffer.getvalue()))
    assert kept.convert("RGB").getpixel((4, 4)) == (255, 0, 0)
