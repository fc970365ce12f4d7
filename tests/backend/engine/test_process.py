from dataclasses import replace
from pathlib import Path

import pytest

from chatsite.backend.engine.discovery import GgufFile
from chatsite.backend.engine.machine import usable_cores, usable_memory
from chatsite.backend.engine.process import (
    OVERHEAD_BYTES,
    EngineSettings,
    NoRoomError,
    Plan,
    plan,
)

MIB = 1 << 20
FILE = GgufFile("m", Path("m.gguf"), 100 * MIB, 0.0, context=32768, kv_bytes=4096)


def settings(room, **options):
    """Settings that leave `room` bytes for the file's cache."""
    return EngineSettings(room + OVERHEAD_BYTES + FILE.size_bytes, slots=4, threads=1, **options)


@pytest.mark.parametrize(
    ("file", "wanted", "context", "slots"),
    [
        (FILE, settings(512 * MIB), 32768, 4),  # all that was asked for: 4 x 128 MiB
        (FILE, settings(512 * MIB, context=4096), 4096, 4),  # bounded by the setting
        (FILE, settings(511 * MIB), 32512, 4),  # first the windows shrink
        (FILE, settings(100 * MIB), 8192, 3),  # then conversations are given up
        (FILE, settings(16 * MIB), 4096, 1),  # then the last one's window shrinks
        (FILE, settings(2 * MIB), 512, 1),
        (replace(FILE, context=300), settings(8 * MIB), 300, 4),
        (replace(FILE, kv_bytes=0), settings(MIB), 32768, 4),  # a model without attention
    ],
)
def test_the_plan_keeps_to_the_memory(file, wanted, context, slots):
    made = plan(file, wanted)

    memory = file.size_bytes + OVERHEAD_BYTES + context * slots * file.kv_bytes
    cache = min(wanted.memory_bytes // 16, 16 * context * file.kv_bytes)
    assert made == Plan(context, slots, memory, cache)
    assert memory <= wanted.memory_bytes


WORDS = replace(FILE, vocabulary=100_000)
WORKING = 512 * 100_000 * 4


@pytest.mark.parametrize(
    ("room", "context", "slots"),
    [
        (None, 32768, 4),
        (10**12, 32768, 4),  # more than there is in all
        (256 * MIB, 16384, 4),  # all conversations and half the windows fit on the card
        (100 * MIB, 8192, 3),
        (32 * MIB, 8192, 1),
        (31 * MIB, 32768, 4),  # not even one: layers will lie in the machine's memory anyhow
        (-999 * MIB, 32768, 4),
    ],
)
def test_a_model_that_fits_on_a_card_stays_there(room, context, slots):
    card = None if room is None else room + OVERHEAD_BYTES + FILE.size_bytes + WORKING

    made = plan(WORDS, settings(512 * MIB, card_bytes=card))

    assert (made.context, made.slots) == (context, slots)


@pytest.mark.parametrize("room", [MIB, 0, -150 * MIB])
def test_a_model_that_cannot_fit_is_refused_with_both_figures(room):
    wanted = settings(room)

    with pytest.raises(NoRoomError) as refused:
        plan(FILE, wanted)

    assert str(refused.value) == (
        f"m needs 198 MiB of memory; the engine may use {wanted.memory_bytes // MIB} MiB."
    )


def test_the_prompt_cache_is_bounded():
    assert plan(FILE, settings(100 * 1024 * MIB)).prompt_cache == 512 * MIB


def test_a_container_s_limits_count(tmp_path):
    unlimited = tmp_path / "unlimited"
    unlimited.mkdir()
    (unlimited / "cpu.max").write_text("max 100000\n")
    (unlimited / "memory.max").write_text("max\n")
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    (tmp_path / "memory.max").write_text(f"{64 * MIB}\n")

    assert (usable_cores(tmp_path), usable_memory(tmp_path)) == (1, 64 * MIB)
    assert usable_cores(unlimited) == usable_cores(tmp_path / "none") >= 1
    assert usable_memory(unlimited) == usable_memory(tmp_path / "none") > 64 * MIB
