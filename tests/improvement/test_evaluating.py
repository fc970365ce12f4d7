"""What a candidate is asked: held-out questions, each once, and every answer with a thumb down."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import pytest

from accounts.models import User
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.evaluation.candidates import Question
from chatsite.backend.types import Message
from finetuning import storing
from improvement.datasets import make_dataset
from improvement.evaluating import _file, questions_of
from improvement.models import KINDS, PARTS, Dataset
from tests.improvement.conftest import choice, thumb

pytestmark = pytest.mark.django_db


def questions(dataset: Dataset) -> tuple[dict[str, Question], ...]:
    """Those held out, those with a thumb down, and those with a better answer, by what is asked."""
    with ExitStack() as stack:
        files = {
            (part, kind): stack.enter_context(storing.local_copy(file.id))
            for part in PARTS
            for kind in KINDS
            if (file := dataset.file(part, kind)) is not None
        }
        found = questions_of(dataset, files)
    each_part = (found.held_out, found.disliked, found.corrected)
    return tuple({one.asked[-1].text: one for one in each} for each in each_part)


def question(asked: str, rating: str, answer: str = "") -> Question:
    return Question((Message("user", asked),), (rating,), answer)


def test_questions_of_a_dataset(administrator: User, alice: User) -> None:
    liked = thumb(alice, "Why?", "Because.", good=True)
    disliked = thumb(alice, "What?", "Nothing.")
    corrected = thumb(alice, "Who?", "Me.", better="You.")
    compared = choice(alice, "Hi", "Hello.", "Go away.")
    dataset = make_dataset(administrator, made_by=None, share=0.0)
    bad = {
        "What?": question("What?", disliked, "Nothing."),
        "Who?": question("Who?", corrected, "Me."),
    }
    better = replace(question("Who?", corrected), better="You.")
    assert questions(dataset) == ({}, bad, {"Who?": better})

    # The same, all of it held out.
    for kind in KINDS:
        setattr(dataset, f"held_out_{kind}", dataset.file("training", kind))
        setattr(dataset, f"training_{kind}", None)
    dataset.ratings.exclude(part="").update(part="held_out")
    assert questions(dataset) == (
        {
            "Why?": question("Why?", liked),
            "What?": question("What?", disliked),
            "Who?": question("Who?", corrected),
            "Hi": question("Hi", compared),
        },
        bad,
        {},
    )


def test_a_bad_answer_that_was_given_twice_is_one(administrator: User, alice: User) -> None:
    twice = [thumb(alice, "What?", "Nothing."), thumb(alice, "What?", "Nothing.")]
    thumb(alice, "What?", "Something.")
    dataset = make_dataset(administrator, made_by=None, share=0.0)
    file = dataset.training_judged
    assert file is not None
    with storing.local_copy(file.id) as path:
        disliked = questions_of(dataset, {("training", "judged"): path}).disliked
    assert sorted(one.disliked for one in disliked) == ["Nothing.", "Something."]
    assert {rating for one in disliked for rating in one.ratings} & set(twice)


def test_held_out_ratings_whose_file_was_deleted_are_missed(
    administrator: User, alice: User
) -> None:
    for number in range(30):
        thumb(alice, f"Is it {number}?", "No.", good=bool(number % 2))
    dataset = make_dataset(administrator, made_by=None)
    assert _file(dataset, "held_out", "preferences") is None
    assert _file(dataset, "held_out", "judged") == dataset.held_out_judged
    dataset.held_out_judged = None
    with pytest.raises(InvalidRequest, match="was deleted meanwhile"):
        _file(dataset, "held_out", "judged")
