"""Which of llama.cpp's devices are graphics cards, and how much of them models may take."""

import pytest
import xllamacpp

from chatsite.backend.engine.cards import Cards, cards_among, graphics_cards
from tests.backend.engine.devices import CPU, GIB, GPU, HELPER, INTEGRATED, device


@pytest.mark.parametrize(
    ("devices", "found"),
    [
        ([], Cards()),
        ([device(HELPER, "BLAS"), device(CPU, "EPYC", 64, 60)], Cards()),
        (
            [device(GPU, "RTX", 24, 22), device(CPU, "EPYC", 64, 60)],
            Cards(("RTX",), 24 * GIB, 22 * GIB, 21 * GIB),
        ),
        (  # one that is full has no room, rather than less than none
            [device(GPU, "A", 8, 8), device(GPU, "B", 8, 0), device(INTEGRATED, "Iris", 32, 30)],
            Cards(("A", "B"), 16 * GIB, 8 * GIB, 7 * GIB),
        ),
        (
            [device(INTEGRATED, "Iris", 32, 30), device(CPU, "i7", 32, 30)],
            Cards(("Iris",), 32 * GIB, 30 * GIB, 29 * GIB, shared=True),
        ),
    ],
)
def test_layers_go_to_cards_of_their_own_and_else_to_integrated_ones(devices, found):
    assert cards_among(devices) == found


def test_a_mac_s_card_shares_its_memory():
    devices = [device(GPU, "Apple M4", 24, 24), device(HELPER, "BLAS")]
    assert cards_among(devices, unified=True) == Cards(
        ("Apple M4",), 24 * GIB, 24 * GIB, 23 * GIB, shared=True
    )
    assert cards_among([device(HELPER, "BLAS")], unified=True) == Cards()


def test_the_library_s_kinds_of_devices_are_known():
    kinds = xllamacpp.ggml_backend_dev_type
    named = ("CPU", "GPU", "IGPU", "ACCEL")
    assert [int(getattr(kinds, f"GGML_BACKEND_DEVICE_TYPE_{name}")) for name in named] == [
        CPU, GPU, INTEGRATED, HELPER,
    ]  # fmt: skip
    own = cards_among(xllamacpp.get_device_info())
    if own.names:
        pytest.skip(f"This build computes on {' and '.join(own.names)}: see the worker's tests.")
    assert own == graphics_cards() == Cards()
