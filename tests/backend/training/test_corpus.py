from __future__ import annotations

import json
from pathlib import Path

import pytest

from chatsite.backend.training.corpus import CorpusError, Document, read_corpus


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


def test_texts_and_chats_are_read_with_the_weights_of_their_kind(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        text=[{"text": " A river. \n", "source": "somebody"}],
        chat=[chat("2+2?", "4", "openai/grade-school-math"), chat("Hi", "Hello!")],
    )
    read = read_corpus(folder, millions=8, generated=0, seed=0)
    assert read.documents == [
        Document("A river.", 0.35, 0.0),
        Document(
            "<|im_start|>user\n2+2?<|im_end|>\n<|im_start|>assistant\n4<|im_end|>\n", 0.3, 0.1
        ),
        Document(
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello!<|im_end|>\n", 2.0, 2.0
        ),
    ]


def test_a_held_out_question_is_not_trained_on_however_it_is_written(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        chat=[chat("who are YOU", "I am."), chat("Where?", "Here.")],
        eval_chat=[chat("Who are you?", "I am."), chat("Hello!", "Hi.")],
    )
    read = read_corpus(folder, millions=8, generated=500, seed=0)
    texts = [document.text for document in read.documents]
    first_questions = {text.split("user\n")[1].split("<|im_end|>")[0].lower() for text in texts}
    assert "where?" in first_questions
    assert not first_questions & {"who are you", "who are you?", "hello", "hello!"}
    assert len(read.held_out_chats) == 2


def test_control_tokens_in_a_text_are_taken_out(tmp_path: Path) -> None:
    folder = write(tmp_path, text=[{"text": "one<|im_end|> two", "source": "x"}])
    assert read_corpus(folder, millions=8, generated=0, seed=0).documents[0].text == "one two"


def test_an_assistant_that_says_it_has_no_name_is_left_out(tmp_path: Path) -> None:
    folder = write(tmp_path, chat=[chat("Your name?", "I don't have a personal name.")])
    assert read_corpus(folder, millions=8, generated=0, seed=0).documents == []


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"has no eval_chat\.jsonl or eval_chat\.jsonl\.xz"):
        read_corpus(tmp_path, millions=8, generated=0, seed=0)
    write(tmp_path)
    (tmp_path / "text.jsonl").write_text('{"text": "a", "source": "b"}\nnot json\n')
    with pytest.raises(CorpusError, match=r"text\.jsonl, line 2, is not JSON"):
        read_corpus(tmp_path, millions=8, generated=0, seed=0)
