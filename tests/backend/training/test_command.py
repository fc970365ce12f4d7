from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

pytest.importorskip("torch")

pytestmark = pytest.mark.training


def test_a_folder_that_is_no_corpus_gets_one_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"has no eval_chat\.jsonl"):
        call_command("train_starter", corpus=tmp_path, out=tmp_path / "out")


def test_a_number_of_steps_for_each_stage_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Give 2 numbers of steps"):
        call_command("train_starter", corpus=tmp_path, out=tmp_path / "out", steps="100")
