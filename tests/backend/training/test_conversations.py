from __future__ import annotations

import re

import pytest

from chatsite.backend.training.conversations import generate
from chatsite.backend.training.template import Turn

SUM = re.compile(r"^(\d+) ([-+*/]) (\d+) = (\d+)\.?$")
OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}


@pytest.fixture(scope="module")
def made() -> list[list[Turn]]:
    return generate(3000, millions=8, seed=3)


def answers(made: list[list[Turn]]) -> list[str]:
    return [turn["content"] for turns in made for turn in turns if turn["role"] == "assistant"]


def test_the_same_seed_makes_the_same_conversations(made: list[list[Turn]]) -> None:
    assert generate(3000, millions=8, seed=3) == made
    assert generate(3000, millions=8, seed=4) != made


def test_user_and_assistant_take_turns_and_the_assistant_ends(made: list[list[Turn]]) -> None:
    for turns in made:
        roles = [turn["role"] for turn in turns if turn["role"] != "system"]
        assert roles == ["user", "assistant"] * (len(roles) // 2)
        assert all(turn["content"].strip() == turn["content"] != "" for turn in turns)
        assert not any("{" in turn["content"] for turn in turns if "```" not in turn["content"])


def test_every_sum_is_right(made: list[list[Turn]]) -> None:
    sums = [match for answer in answers(made) if (match := SUM.match(answer))]
    assert len(sums) > 200
    for match in sums:
        a, sign, b, result = match.groups()
        assert OPERATIONS[sign](int(a), int(b)) == int(result)


def test_a_name_told_is_the_name_remembered(made: list[list[Turn]]) -> None:
    remembered = 0
    for turns in made:
        match = re.fullmatch(r"Your name is (\w+)\.", turns[-1]["content"])
        if match:
            said = next(turn["content"] for turn in turns if turn["role"] == "user")
            first = " ".join(turn["content"] for turn in turns[:4])
            assert match[1].lower() in said.lower() or match[1] in first
            remembered += 1
    assert remembered > 20


def test_it_tells_its_own_size_and_never_another_identity(made: list[list[Turn]]) -> None:
    said = " ".join(answers(made))
    assert "about 8 million parameters" in said
    assert not re.search(r"I(?:'m| am) (?:ChatGPT|GPT|Claude|Gemini|Llama)", said)
    assert not re.search(r"(?:made|trained|created) by (?:OpenAI|Google|Meta|Anthropic)", said)
