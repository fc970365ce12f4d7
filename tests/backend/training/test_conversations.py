# ruff: noqa: RUF001 the signs of multiplication and division are meant

from __future__ import annotations

import random
import re

import pytest

from chatsite.backend.training.conversations import generate, held_out_sum, stories
from chatsite.backend.training.conversations.exchange import words
from chatsite.backend.training.conversations.sums import equation, spelled
from chatsite.backend.training.template import Turn

SUM = re.compile(r"(\d+) ([-+×÷]) (\d+) = ")
CHAIN = re.compile(r"\d+ [-+×÷] \d+(?: = -?\d+(?: [-+] \d+)?)+")


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
        assert not any(
            re.search(r"\{\w*\}", t["content"]) for t in turns if "```" not in t["content"]
        )


def value(side: str) -> float:
    return float(eval(side.replace("×", "*").replace("÷", "/")))


def test_every_sum_is_right(made: list[list[Turn]]) -> None:
    chains = [match[0].split(" = ") for each in answers(made) for match in CHAIN.finditer(each)]
    assert len(chains) > 1500
    assert all(len({value(side) for side in sides}) == 1 for sides in chains)
    assert equation(47, "+", 38, 85) == "47 + 38 = 70 + 15 = 85"


def test_held_out_sums_are_never_made_and_are_one_in_twenty(made: list[list[Turn]]) -> None:
    sums = [match.groups() for answer in answers(made) for match in SUM.finditer(answer)]
    added = {(int(a), int(b)) for a, sign, b in sums if sign in "+-"}
    assert not any(held_out_sum(a, b) for a, b in added)
    all_pairs = [held_out_sum(a, b) for a in range(101) for b in range(101)]
    assert 0.045 < sum(all_pairs) / len(all_pairs) < 0.055
    assert not any(held_out_sum(a, b) for a in range(13) for b in range(13))


@pytest.mark.parametrize(
    ("number", "said"), [(0, "zero"), (19, "nineteen"), (40, "forty"), (73, "seventy-three")]
)
def test_numbers_are_spelled(number: int, said: str) -> None:
    assert spelled(number) == said


def test_what_was_told_is_what_is_remembered(made: list[list[Turn]]) -> None:
    remembered = set()
    for turns in made:
        for number, turn in enumerate(turns):
            match = re.match(r"Your name is ([^.]+)\.", turn["content"])
            match = match if turn["role"] == "assistant" else None
            if match:
                before = " ".join(each["content"] for each in turns[:number])
                assert match[1].lower() in before.lower()
                remembered.add(match[1])
    assert len(remembered) > 20


def test_a_capital_is_the_same_in_every_answer(made: list[list[Turn]]) -> None:
    told: dict[str, set[str]] = {}
    for answer in answers([turns for turns in made if turns[0]["role"] == "user"]):
        match = re.fullmatch(r"The capital of (.+) is (.+)\.", answer)
        if match:
            told.setdefault(match[1], set()).add(match[2])
    assert len(told) > 80
    assert told["France"] == {"Paris"}
    assert all(len(capitals) == 1 for capitals in told.values())


def test_a_system_prompt_decides_the_form_of_the_answers(made: list[list[Turn]]) -> None:
    seen = 0
    for turns in made:
        if turns[0]["content"] in words("styles")["upper"]:
            assert all(each == each.upper() for each in answers([turns]))
            seen += 1
    assert seen > 3


def test_stories_end_and_few_are_alike() -> None:
    told = [stories.story(random.Random(seed)).answer for seed in range(300)]
    assert len(set(told)) > 295
    assert all(text.endswith((".", '"', "!")) and "{" not in text for text in told)


def test_it_tells_its_own_size_and_never_another_identity(made: list[list[Turn]]) -> None:
    said = " ".join(answers(made))
    assert "about 8 million parameters" in said
    assert not re.search(r"I(?:'m| am) (?:ChatGPT|GPT|Claude|Gemini|Llama)", said)
    assert not re.search(r"I (?:was|am) (?:made|trained|created) by (?:OpenAI|Google|Meta)", said)
