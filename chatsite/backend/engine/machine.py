"""What this machine lets the engine use, container limits included."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

CGROUP = Path("/sys/fs/cgroup")


def usable_cores(cgroup: Path = CGROUP) -> int:
    """Processor cores for this process: its affinity, cut to the container's quota."""
    cores = len(psutil.Process().cpu_affinity()) if hasattr(os, "sched_getaffinity") else 0
    cores = cores or os.cpu_count() or 1
    quota, _, period = _read(cgroup / "cpu.max").partition(" ")
    if quota.isdecimal() and period.isdecimal():
        cores = min(cores, max(1, int(quota) // int(period)))
    return cores


def usable_memory(cgroup: Path = CGROUP) -> int:
    """Bytes of physical memory, cut to the container's limit."""
    total = psutil.virtual_memory().total
    limit = _read(cgroup / "memory.max")
    return min(total, int(limit)) if limit.isdecimal() else total


GRAPHICS_CARDS = ("/dev/nvidiactl", "/dev/kfd", "/dev/dri")


def graphics_memory() -> int:
    """Bytes of the graphics cards that the installed build of the engine can use; 0 for none.

    The engine's library is asked in a process of its own, and only on a machine that may have a
    card: some drivers take hundreds of megabytes as soon as they are asked.
    """
    if sys.platform != "darwin" and not any(Path(card).exists() for card in GRAPHICS_CARDS):
        return 0
    command = [sys.executable, "-c", _ASK_FOR_CARDS]
    try:
        asked = subprocess.run(  # noqa: S603 - our own words, no shell
            command, capture_output=True, text=True, timeout=60, check=True
        )
    except subprocess.SubprocessError:
        return 0  # a library that cannot be loaded is for the first worker to report
    return sum(map(int, asked.stdout.split()))


_ASK_FOR_CARDS = """
import xllamacpp
print(*(d["memory_total"] for d in xllamacpp.get_device_info() if d["name"] != "CPU"))
"""


def _read(file: Path) -> str:
    try:
        return file.read_text("ascii").strip()
    except OSError:
        return ""
