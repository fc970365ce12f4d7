from __future__ import annotations

import lzma
import re
from collections import Counter
from pathlib import Path

import orjson
import pytest

from chatsite.backend.evaluation.checks import Check
from chatsite.backend.evaluation.prompts import (
    REGEX_FLAGS,
    Prompt,
    PromptsError,
    read_prompts,
)

GROUPS = {
    "greetings", "identity", "site", "arithmetic", "unseen sums", "capitals", "countries",
    "definitions", "lists", "stories", "rewriting", "python", "translation", "system", "recall",
    "unknown", "format",
}  # fmt: skip


def written(folder: Path, text: str) -> Path:
    path = folder / "prompts.toml"
    path.write_text(text, "utf-8")
    return path


def test_there_are_enough_prompts_in_every_group() -> None:
    prompts = read_prompts()
    groups = Counter(prompt.group for prompt in prompts)
    assert groups.keys() == GROUPS
    assert min(groups.values()) >= 20
    assert len(prompts) >= 330


def test_no_prompt_is_there_twice() -> None:
    asked = Counter((prompt.system, prompt.turns) for prompt in read_prompts())
    assert [key for key, times in asked.items() if times > 1] == []


def test_a_limit_holds_for_each_group() -> None:
    groups = Counter(prompt.group for prompt in read_prompts(limit=2))
    assert groups == dict.fromkeys(GROUPS, 2)


def test_nothing_that_is_asked_is_trained_on(tmp_path: Path) -> None:
    corpus = pytest.importorskip("chatsite.backend.training.corpus")
    asked = [prompt.turns[-1] for prompt in read_prompts()]
    chats = [
        {
            "messages": [
                {"role": "user", "content": question.upper()},
                {"role": "assistant", "content": "Yes."},
            ],
            "source": "original",
        }
        for question in [*asked, "What is quite another question?"]
    ]
    with lzma.open(tmp_path / "chat.jsonl.xz", "wb") as file:
        file.writelines(orjson.dumps(chat) + b"\n" for chat in chats)
    for name in ("text", "eval_chat"):
        (tmp_path / f"{name}.jsonl").write_bytes(b"")
    documents = corpus.read_corpus(tmp_path, millions=8, generated=2000, seed=3, tuning=True)
    trained = {
        corpus.normalised(said)
        for document in documents
        for said in re.findall(r"<\|im_start\|>user\n(.*?)<\|im_end\|>", document.text, re.DOTALL)
    }
    assert corpus.normalised("What is quite another question?") in trained
    assert trained & {corpus.normalised(question) for question in asked} == set()


def test_unseen_sums_are_of_numbers_that_are_held_out() -> None:
    conversations = pytest.importorskip("chatsite.backend.training.conversations")
    sums = [prompt for prompt in read_prompts() if prompt.group == "unseen sums"]
    for prompt in sums:
        a, b = (int(number) for number in re.findall(r"\d+", prompt.turns[-1]))
        [check] = prompt.checks
        assert check.value in {a + b, a - b, b - a}
        assert conversations.held_out_sum(a, b) or conversations.held_out_sum(b, a)


def test_a_prompt_is_read_with_its_checks(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        [phrases]
        hello = ["hi", "hello"]
        [[prompt]]
        group = "g"
        system = "Be brief."
        turns = ["Hey", "You?"]
        any = "hello"
        none = ["bye"]
        match = "^h"
        max_words = 3
        """,
    )
    checks = (
        Check("any", ("hi", "hello")),
        Check("none", ("bye",)),
        Check("match", (re.compile("^h", REGEX_FLAGS),)),
        Check("max_words", 3),
    )
    assert read_prompts(path) == (Prompt("g", ("Hey", "You?"), checks, "Be brief."),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[prompt]\n", "prompts.toml is not TOML"),
        ("", "holds no prompts"),
        ('[[prompt]]\ngroup = "g"\nturns = ["a"]\nanny = ["b"]', "there is no check 'anny'"),
        ('[[prompt]]\ngroup = "g"\nturns = ["a"]', "prompt 1: there is no check"),
        ('[[prompt]]\ngroup = "g"\nturns = []\nlines = 1', "turns must be texts"),
        ('[[prompt]]\nturns = ["a"]\nlines = 1', "'group'"),
        ('[[prompt]]\ngroup = "g"\nturns = ["a"]\nany = "none"', "'none'"),
        ('[[prompt]]\ngroup = "g"\nturns = ["a"]\nlines = "1"', "lines cannot be '1'"),
        ('[[prompt]]\ngroup = "g"\nturns = ["a"]\nequals = "b"', "equals cannot be 'b'"),
        ('[[prompt]]\ngroup = "g"\nturns = ["a"]\nmatch = "("', "prompt 1: missing )"),
    ],
)
def test_what_is_no_prompt_is_refused_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PromptsError, match=re.escape(said)):
        read_prompts(written(tmp_path, text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PromptsError, match="cannot be read: No such file"):
        read_prompts(tmp_path / "none.toml")
