"""How long the built-in illustrator takes for a picture, style by style, on one core.

    python -m benchmarks.illustrator [--size 1024] [--rounds 5]

CPU time is what counts on a machine that others share; the wall clock is shown beside it.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time

from benchmarks.contact_sheet import PROMPTS
from chatsite.backend.illustrator.composition import compose
from chatsite.backend.illustrator.language.parser import read
from chatsite.backend.illustrator.painting.picture import render
from chatsite.backend.illustrator.scene import STYLES


def picture(prompt: str, style: str, size: int, seed: int) -> tuple[float, float]:
    """CPU and wall seconds from the words to the PNG's bytes."""
    cpu, wall = time.process_time(), time.perf_counter()
    scene = compose(read(prompt, width=size, height=size, seed=seed, style=style))
    render(scene).save(io.BytesIO(), "PNG", compress_level=3)
    return time.process_time() - cpu, time.perf_counter() - wall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    picture(PROMPTS[0], "natural", 256, 0)  # Imports and tables are read once.
    every: list[float] = []
    print(f"{'style':16}{'CPU p50':>10}{'CPU max':>10}{'wall p50':>10}")
    for style in STYLES:
        found = [
            picture(PROMPTS[(index * 7) % len(PROMPTS)], style, options.size, index)
            for index in range(options.rounds)
        ]
        cpu = [one for one, _ in found]
        every += cpu
        wall = statistics.median(two for _, two in found)
        print(f"{style:16}{statistics.median(cpu):9.2f}s{max(cpu):9.2f}s{wall:9.2f}s")
    print(f"{'all':16}{statistics.median(every):9.2f}s{max(every):9.2f}s")


if __name__ == "__main__":
    main()
