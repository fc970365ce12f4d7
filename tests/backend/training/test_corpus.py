from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatsite.backend.training.conversations import held_out_sum
from chatsite.backend.training.corpus import (
    CorpusError,
    Document,
    normalised,
    prompts,
    read_corpus,
    read_held_out,
)

HELD_OUT = next((a, b) for a in range(60, 90) for b in range(20, 50) if held_out_sum(a, b))


def write(folder: Path, **files: list[dict]) -> Path:
    for name in ("text", "chat", "eval_text", "eval_chat"):
        lines = files.get(name, [])
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def chat(question: str, answer: str, source: str = "original") -> dict:
    messages = [
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer},
    ]
    return {"messages": messages, "source": source}


def texts(folder: Path, *, generated: int = 0, tuning: bool = False) -> list[str]:
    read = read_corpus(folder, millions=8, generated=generated, seed=0, tuning=tuning)
    return [document.text for document in read]


def questions(folder: Path, *, generated: int = 0, tuning: bool = False) -> set[str]:
    return {
        normalised(turn.split("<|im_end|>")[0])
        for text in texts(folder, generated=generated, tuning=tuning)
        for turn in text.split("<|im_start|>user\n")[1:]
    }


def test_texts_and_chats_are_read_with_the_weights_of_their_kind(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        text=[
            {"text": " A river. \n", "source": "somebody"},
            {"text": "A novel.", "source": "standardebooks/x"},
        ],
        chat=[chat("2+2?", "4", "openai/grade-school-math"), chat("Hi", "Hello!")],
    )
    sum_, greeting = (
        "<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n4<|im_end|>\n",
        "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello!<|im_end|>\n",
    )
    assert read_corpus(folder, millions=8, generated=0, seed=0, tuning=False) == [
        Document("A river.", 0.7),
        Document("A novel.", 0.3),
        Document(sum_, 0.05),
        Document(greeting, 1.0),
    ]
    assert read_corpus(folder, millions=8, generated=0, seed=0, tuning=True) == [
        Document("A river.", 0.2),
        Document("A novel.", 0.08),
        Document(sum_, 0.25),
        Document(greeting, 1.0),
    ]


def test_a_held_out_question_is_not_trained_on_however_it_is_written(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        chat=[chat("who are YOU", "I am."), chat("Where?", "Here.")],
        eval_chat=[chat("Who are you?", "I am."), chat("Hello!", "Hi.")],
    )
    asked = questions(folder, generated=500)
    assert "where" in asked
    assert not asked & {"who are you", "hello"}
    assert len(read_held_out(folder).chats) == 2


def test_no_prompt_of_the_evaluation_is_trained_on_in_any_turn(tmp_path: Path) -> None:
    held_out = sorted(prompts())
    assert len(held_out) > 300
    second = chat("Where?", "Here.")
    second["messages"] += chat(held_out[7].upper() + "!", "No.")["messages"]
    folder = write(tmp_path, chat=[second, chat(held_out[9], "Yes."), chat("How?", "So.")])
    assert questions(folder) == {"how"}
    assert not questions(folder, generated=3000, tuning=True) & set(held_out)


@pytest.mark.parametrize(
    ("question", "answer", "source", "kept"),
    [
        (f"{HELD_OUT[0]} and {HELD_OUT[1]}: how many?", "Many.", "x", False),
        (f"Take {HELD_OUT[1]} from {HELD_OUT[0]}.", "I don't know.", "x", False),
        ("A word problem", f"It is {HELD_OUT[0]} + {HELD_OUT[1]}.", "x", False),
        ("Add 2 and 2.", "2 + 2 = 4.", "x", True),
        ("Add 2 and 2.", "The answer is 4.", "original (skills)", False),
        (f"Is {HELD_OUT[0]} large?", f"More than {HELD_OUT[1]}.", "original", True),
    ],
)
def test_held_out_sums_of_the_corpus_and_its_own_plain_ones_are_left_out(
    tmp_path: Path, question: str, answer: str, source: str, kept: bool
) -> None:
    folder = write(tmp_path, chat=[chat(question, answer, source)])
    assert len(texts(folder)) == kept


def test_control_tokens_in_a_text_are_taken_out(tmp_path: Path) -> None:
    folder = write(tmp_path, text=[{"text": "one<|im_end|> two", "source": "x"}])
    assert texts(folder) == ["one two"]


def test_an_assistant_that_says_it_has_no_name_is_left_out(tmp_path: Path) -> None:
    folder = write(tmp_path, chat=[chat("Your name?", "I don't have a personal name.")])
    assert texts(folder) == []


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"has no eval_chat\.jsonl or eval_chat\.jsonl\.xz"):
        texts(tmp_path)
    write(tmp_path)
    (tmp_path / "text.jsonl").write_text('{"text": "a", "source": "b"}\nnot json\n')
    with pytest.raises(CorpusError, match=r"text\.jsonl, line 2, is not JSON"):
        texts(tmp_path)
