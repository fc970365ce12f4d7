"""Processes told apart from every other one, also from a later one of the same number."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path

import psutil


def identity() -> str:
    """This process: its host, its number and when it was started."""
    return _identity(os.getpid())


@cache
def _identity(pid: int) -> str:
    return f"{socket.gethostname()}/{pid}/{_born(pid)}"


def may_live(process: str) -> bool:
    """Whether the process of this identity lives, as far as can be told: on other hosts it may."""
    host, pid, born = process.rsplit("/", 2)
    return host != socket.gethostname() or _born(int(pid)) == born


def _born(pid: int) -> str:
    """When a process was started, by a clock that nobody sets; "" when there is no such process.

    Field 22 of Linux's /proc/PID/stat counts from the machine's start. Elsewhere psutil's time of
    day has to do, which moves with the clock.
    """
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[19]
        )
    except OSError:
        pass
    try:
        return f"{psutil.Process(pid).create_time():.0f}"
    except psutil.NoSuchProcess:
        return ""
