from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

from chatsite.backend.training.curves import plot

SVG = "{http://www.w3.org/2000/svg}"


def test_each_loss_has_a_curve_that_falls_to_the_right(tmp_path: Path) -> None:
    metrics, target = tmp_path / "metrics.jsonl", tmp_path / "metrics.svg"
    lines = [
        {"stage": "pretraining", "step": 20, "loss": 8.0, "tokens": 1_000_000},
        {"evaluation": "pretraining", "step": 20, "texts": 6.0, "chats": 4.0},
        {"stage": "tuning", "step": 20, "loss": 2.0, "tokens": 2_000_000},
        {"evaluation": "all", "step": 0, "texts": 5.0, "chats": 1.0},
    ]
    metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    plot(metrics, target)
    root = ET.fromstring(target.read_text())
    curves = [line.attrib["points"] for line in root.iter(f"{SVG}polyline")]
    assert curves == [
        "333.0,20.0 610.0,257.0",
        "333.0,99.0 610.0,138.5",
        "333.0,178.0 610.0,296.5",
    ]
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts[-3:] == ["training", "held-out texts", "held-out answers"]


def test_nothing_is_drawn_before_the_first_figure(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text("")
    plot(tmp_path / "metrics.jsonl", tmp_path / "metrics.svg")
    assert not (tmp_path / "metrics.svg").exists()
