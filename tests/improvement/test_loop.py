"""The whole loop, by its one command: ratings become a better model, which is promoted."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.site import ROOT, clean_environment

pytest.importorskip("trl")

pytestmark = [pytest.mark.training, pytest.mark.engine, pytest.mark.timeout(600)]


def test_people_who_prefer_short_answers_get_them(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "manage.py", "demonstrate_loop"),
            *("--ratings", "40", "--folder", str(tmp_path / "data")),
        ],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = re.search(r"^preferences +(\d+) of (\d+) ", done.stdout, re.MULTILINE)
    assert found, done.stdout
    assert int(found[1]) / int(found[2]) > 0.8
    lengths = re.search(r"^answers +([\d.]+) words before, ([\d.]+) now", done.stdout, re.MULTILINE)
    assert lengths, done.stdout
    assert float(lengths[2]) < 0.8 * float(lengths[1])
    assert done.stdout.endswith("Promoted.\n"), done.stdout
    # Whoever asks for the latest model is served by it.
    (model,) = (tmp_path / "data" / "models").glob("ft=starter=*.gguf")
    assert model.name.replace("=", ":").removesuffix(".gguf") in done.stdout
