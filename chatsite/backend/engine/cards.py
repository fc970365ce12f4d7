"""The graphics cards that the installed build of the engine can use.

`python -m chatsite.backend.engine.cards` prints them as JSON: the engine's library is asked in a
process of its own, because some drivers take hundreds of megabytes as soon as they are asked.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

DEVICES = ("/dev/nvidiactl", "/dev/nvhost-gpu", "/dev/kfd", "/dev/dri", "/dev/dxg")
"""One of them is there on a Linux with a card: NVIDIA's and Jetson's, AMD's, all others', WSL's."""
MARGIN = 1 << 30
"""Bytes of each card that llama.cpp leaves free when it fits a model's layers to it."""
_GPU, _INTEGRATED = 1, 2  # ggml_backend_dev_type; 0 is the processor, 3 a helper without memory


@dataclass(frozen=True, slots=True)
class Cards:
    """What the engine computes on: names, bytes in all and free.

    `room` are the bytes that models may take; `shared` cards have none but the machine's.
    """

    names: tuple[str, ...] = ()
    total: int = 0
    free: int = 0
    room: int = 0
    shared: bool = False


def cards_among(devices: Iterable[Mapping[str, Any]], *, unified: bool = False) -> Cards:
    """Those of llama.cpp's devices that it puts layers on: integrated ones where no other is.

    `unified` says that this machine's cards share its memory although they do not say so.
    """
    found = [(int(device["type"]), device) for device in devices]
    own = [device for kind, device in found if kind == _GPU]
    integrated = [device for kind, device in found if kind == _INTEGRATED]
    used = own or integrated
    return Cards(
        tuple(str(device["description"]) for device in used),
        sum(device["memory_total"] for device in used),
        sum(device["memory_free"] for device in used),
        sum(max(0, device["memory_free"] - MARGIN) for device in used),
        bool(used) and (unified or not own),
    )


def graphics_cards() -> Cards:
    """The cards of this machine; none where the build is for the processor alone."""
    if sys.platform != "darwin" and not any(Path(device).exists() for device in DEVICES):
        return Cards()
    try:
        asked = subprocess.run(
            [sys.executable, "-m", "chatsite.backend.engine.cards"],
            capture_output=True,
            timeout=60,
            check=True,
            cwd=Path(__file__).parents[3],
        )
        *_, last = asked.stdout.splitlines()  # drivers may have something to say before
        told = orjson.loads(last)
    except (subprocess.SubprocessError, ValueError):
        return Cards()  # a library that cannot be loaded is for the first worker to report
    return Cards(**{**told, "names": tuple(told["names"])})


def main() -> None:
    import xllamacpp

    apple = sys.platform == "darwin" and platform.machine() == "arm64"
    found = cards_among(xllamacpp.get_device_info(), unified=apple)
    sys.stdout.write(orjson.dumps(asdict(found)).decode() + "\n")


if __name__ == "__main__":
    main()
