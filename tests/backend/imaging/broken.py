"""Hundreds of broken, huge, two-faced and truncated pictures, the same ones each time."""

from __future__ import annotations

import io
import random
import struct
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
from PIL import Image

from chatsite.backend.errors import InvalidRequest
from chatsite.backend.imaging import files

KINDS = ("PNG", "JPEG", "WEBP")
STRANGERS = ("GIF", "BMP", "TIFF", "PPM", "ICO", "TGA", "PDF")
PAYLOAD = b"<script>alert('payload')</script>"


class Broken(NamedTuple):
    """A file; `may_pass` where a decoder may forgive what is wrong with it."""

    name: str
    data: bytes
    may_pass: bool = False


def photo(kind: str, seed: int = 0, side: int = 48) -> bytes:
    """A noisy picture, so that every byte of its file counts."""
    noise = random.Random(seed).randbytes(side * side * 3)
    buffer = io.BytesIO()
    image = Image.frombytes("RGB", (side, side), noise)
    if kind == "PDF":
        return b"%PDF-1.7\n" + PAYLOAD
    image.save(buffer, kind)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *between: bytes, rows: bytes = b"") -> bytes:
    """A PNG of eight bits of grey that says it has this size, whatever its rows hold."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            *between,
            chunk(b"IDAT", zlib.compress(rows, 9)),
            chunk(b"IEND", b""),
        )
    )


def many_scans(count: int) -> bytes:
    """A progressive JPEG whose last scan, of a few bytes, comes again and again."""
    buffer = io.BytesIO()
    Image.new("L", (4096, 4096), 90).save(buffer, "JPEG", progressive=True)
    data = buffer.getvalue()
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def truncated(count: int) -> Iterator[Broken]:
    """Cut before the last tenth: a decoder may forgive the lack of a trailer."""
    chance = random.Random(1)
    for number in range(count):
        kind = KINDS[number % 3]
        whole = photo(kind, number % 5)
        cut = chance.randrange(0, len(whole) * 9 // 10)
        yield Broken(f"{kind} cut at {cut}", whole[:cut])


def damaged(count: int) -> Iterator[Broken]:
    chance = random.Random(2)
    for number in range(count):
        kind = KINDS[number % 3]
        data = bytearray(photo(kind, number % 5))
        for _ in range(chance.choice((1, 8, 64))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        yield Broken(f"{kind} damaged {number}", bytes(data), may_pass=True)


def shuffled(count: int) -> Iterator[Broken]:
    """Parts of files of several kinds behind the first bytes of another."""
    chance = random.Random(3)
    for number in range(count):
        head, tail = (photo(chance.choice(KINDS), seed) for seed in (number, number + 1))
        cut = chance.randrange(4, 40)
        yield Broken(f"mixed {number}", head[:cut] + tail[chance.randrange(len(tail)) :], True)


def huge() -> Iterator[Broken]:
    """Sizes that no memory holds, said by few bytes; and files that unpack to far too much."""
    for width, height in (
        (8193, 1), (1, 8193), (7000, 7000), (30_000, 30_000), (2**31 - 1, 2**31 - 1),
        (65_535, 65_535), (0, 0), (0, 100), (2**31, 1), (100_000_000, 1),
    ):  # fmt: skip
        yield Broken(f"PNG of {width} x {height}", png(width, height))
        jpeg = bytearray(photo("JPEG"))
        at = jpeg.index(b"\xff\xc0") + 5
        jpeg[at : at + 4] = struct.pack(">HH", min(height, 65_535), min(width, 65_535))
        if max(width, height) > files.LARGEST_SIDE or not min(width, height):
            yield Broken(f"JPEG of {width} x {height}", bytes(jpeg))
    yield Broken("rows of a gigabyte", png(16, 16, rows=bytes(2**20) * 200), may_pass=True)
    bomb = zlib.compress(bytes(2**20) * 100, 9)
    for kind in (b"zTXt", b"iCCP"):
        yield Broken(f"{kind!r} bomb", png(4, 4, chunk(kind, b"x\0\0" + bomb), rows=bytes(20)))
    yield Broken("iTXt bomb", png(4, 4, chunk(b"iTXt", b"x\0\1\0\0\0" + bomb), rows=bytes(20)))
    yield Broken("100,000 texts", png(4, 4, *[chunk(b"tEXt", b"k\0v")] * 100_000), True)
    yield Broken("JPEG of 3,000 scans", many_scans(3_000))
    yield Broken("JPEG of 20,000 comments", b"\xff\xd8" + b"\xff\xfe\0\4xx" * 20_000)


def strangers(count: int) -> Iterator[Broken]:
    """What is no PNG, JPEG or WebP at all, under every name."""
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    yield Broken("SVG", svg)
    yield Broken("SVG with a declaration", b"<?xml version='1.0'?>" + svg)
    yield Broken("HTML", b"<!doctype html>" + PAYLOAD)
    yield Broken("nothing", b"")
    yield Broken("a shell script", b"#!/bin/sh\nid\n")
    yield Broken("an archive", b"PK\3\4" + bytes(100))
    yield Broken("PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    for kind in STRANGERS:
        yield Broken(kind, photo(kind))
    for magic in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\xff\xff\xff\x7fWEBPVP8 "):
        yield Broken(f"{magic[:4]!r} alone", magic)
        yield Broken(f"{magic[:4]!r} and HTML", magic + PAYLOAD)
    chance = random.Random(4)
    for number in range(count):
        yield Broken(f"noise {number}", chance.randbytes(chance.randrange(1, 4000)))


def polyglots() -> Iterator[Broken]:
    """Good pictures that are something else as well; nothing of that is to be left of them."""
    for kind in KINDS:
        for tail in (PAYLOAD, b"PK\5\6" + bytes(18) + PAYLOAD, b"%PDF-1.7 " + PAYLOAD):
            yield Broken(f"{kind} with a tail", photo(kind) + tail, may_pass=True)
    text = chunk(b"tEXt", b"Comment\0" + PAYLOAD)
    yield Broken("PNG with a comment", png(2, 2, text, rows=bytes(6)), may_pass=True)
    comment = b"\xff\xfe" + struct.pack(">H", len(PAYLOAD) + 2) + PAYLOAD
    jpeg = photo("JPEG")
    yield Broken("JPEG with a comment", jpeg[:2] + comment + jpeg[2:], may_pass=True)


def broken() -> list[Broken]:
    return [
        *truncated(160), *damaged(160), *shuffled(90), *huge(), *strangers(90), *polyglots(),
    ]  # fmt: skip


def _peak() -> int:
    """The most memory of this process, in bytes; `ru_maxrss` would be that of its parent."""
    [line] = [
        each for each in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in each
    ]
    return int(line.split()[1]) * 1024


def main() -> None:
    """Try them all; print how many were refused, passed, the seconds and the megabytes taken."""
    refused = passed = 0
    before = psutil.Process().memory_info().rss
    slowest = 0.0
    for each in broken():
        since = time.perf_counter()
        refusal, kept = None, b""
        try:
            kept = files.clean(each.data, what="Your file", param="image")
        except InvalidRequest as error:
            refusal = error
        if refusal is not None:
            assert refusal.message.startswith("Your file"), each.name
            assert (refusal.code, refusal.param) == ("invalid_image", "image"), each.name
            refused += 1
        else:
            assert each.may_pass, each.name
            assert PAYLOAD not in kept, each.name
            assert files.inspect(kept).format == "png", each.name
            passed += 1
        slowest = max(slowest, time.perf_counter() - since)
    peak = _peak() - before
    sys.stdout.write(f"{refused} {passed} {slowest:.2f} {peak // 2**20}\n")


if __name__ == "__main__":
    main()
