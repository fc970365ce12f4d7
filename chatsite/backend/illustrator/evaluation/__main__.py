"""Prints the score of the held-out prompts, and every fault with `--faults`."""

from __future__ import annotations

import sys
import time

from chatsite.backend.illustrator.evaluation.scoring import held_out, score
from chatsite.backend.illustrator.language.parser import read


def main() -> None:
    """Scores, and times the reading once everything is loaded."""
    prompts = held_out()
    read("warm")
    began = time.perf_counter()
    for prompt in prompts:
        read(prompt.text)
    each = (time.perf_counter() - began) / len(prompts)
    total = score(prompts, read)
    lines = [
        f"{group:10} {total.right[group]:4} of {total.possible[group]:4}  "
        f"{total.right[group] / total.possible[group]:6.1%}"
        for group in sorted(total.possible)
    ]
    lines.append(f"understood {total.share:.1%}, everything right in {total.whole:.1%} of prompts")
    lines.append(f"{each * 1000:.2f} ms a prompt")
    if "--faults" in sys.argv[1:]:
        for text, faults in total.faults.items():
            lines.append(f"- {text}: {'; '.join(faults)}")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
