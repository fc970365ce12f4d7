from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chatsite.backend.training.template import CHAT_TEMPLATE, Turn, render

packing = pytest.importorskip("chatsite.backend.training.packing")
tokenizing = pytest.importorskip("chatsite.backend.training.tokenizer")

pytestmark = pytest.mark.training

CHAT = [
    Turn(role="system", content="Be brief."),
    Turn(role="user", content="Is it late?\n\nSay assistant"),
    Turn(role="assistant", content="No, it's 9."),
    Turn(role="user", content="Thanks"),
    Turn(role="assistant", content="You're welcome!"),
]


def document(*tokens: int, answer: list[bool] | None = None) -> Any:
    marks = answer or [False] * len(tokens)
    return packing.Encoded(np.array(tokens, dtype=np.uint16), np.array(marks))


def test_only_the_assistants_words_and_the_end_of_its_turn_are_answers() -> None:
    tokenizer = tokenizing.train_tokenizer([render(CHAT)], vocabulary=400)
    encoded = packing.encode(tokenizer, [render(CHAT)])[0]
    wrapped = tokenizing.wrap(tokenizer, context=128)
    expected = wrapped.apply_chat_template(
        CHAT, chat_template=CHAT_TEMPLATE, return_assistant_tokens_mask=True, return_dict=True
    )
    assert encoded.tokens.tolist() == expected["input_ids"]
    assert encoded.answer.astype(int).tolist() == expected["assistant_masks"]
    said = tokenizer.decode(encoded.tokens[encoded.answer].tolist(), skip_special_tokens=False)
    assert said == "No, it's 9.<|im_end|>You're welcome!<|im_end|>"


def test_a_text_counts_whole_and_ends_with_the_end_of_text_token() -> None:
    tokenizer = tokenizing.train_tokenizer(["a quiet river"], vocabulary=300)
    encoded = packing.encode(tokenizer, ["a river"])[0]
    assert tokenizer.decode(encoded.tokens.tolist(), skip_special_tokens=False) == (
        "a river<|endoftext|>"
    )
    assert encoded.answer.all()


def test_documents_share_a_row_and_long_ones_go_on_in_another() -> None:
    rows = packing.pack(
        [document(1, 2, 3), document(4, 5), document(*range(10, 19))],
        length=6,
        answers_only=False,
    )
    assert rows.tokens.tolist() == [
        [10, 11, 12, 13, 14, 15],
        [1, 2, 3, 16, 17, 18],
        [4, 5, 0, 0, 0, 0],
    ]
    assert rows.labels.tolist() == [
        [11, 12, 13, 14, 15, 16],
        [2, 3, packing.IGNORED, 17, 18, packing.IGNORED],
        [5, *[packing.IGNORED] * 5],
    ]
    assert rows.documents.tolist() == [[0] * 6, [0, 0, 0, 1, 1, 1], [0, 0, -1, -1, -1, -1]]


def test_in_tuning_the_labels_are_the_answers_alone() -> None:
    chat = document(1, 2, 3, 4, answer=[False, False, True, True])
    rows = packing.pack([chat], length=4, answers_only=True)
    assert rows.labels.tolist() == [[packing.IGNORED, 3, 4, packing.IGNORED]]


def test_a_weight_is_how_often_a_document_occurs() -> None:
    weights = np.array([0.0, 1.0, 2.0, 0.5])
    rng = np.random.default_rng(0)
    passes = [packing.sample(weights, rng) for _ in range(1000)]
    counts = np.bincount(np.concatenate(passes), minlength=4)
    assert counts[:3].tolist() == [0, 1000, 2000]
    assert 440 < counts[3] < 560


def test_a_batch_depends_on_the_seed_and_the_step_alone() -> None:
    documents = [document(*range(n, n + 5)) for n in range(0, 400, 5)]

    def batches(seed: int) -> Any:
        return packing.Batches(
            documents, [1.0] * 80, length=10, size=4, answers_only=False, seed=(seed, 0)
        )

    one = batches(1)
    forward = [one[step].tokens.tolist() for step in range(25)]
    another = batches(1)
    assert [another[step].tokens.tolist() for step in (24, 3, 11)] == [
        forward[24],
        forward[3],
        forward[11],
    ]
    assert batches(2)[0].tokens.tolist() != forward[0]
    first_pass = sorted(token for step in forward[:10] for row in step for token in row)
    assert first_pass == list(range(400))
    assert forward[10:20] != forward[:10]
