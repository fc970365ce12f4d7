"""Datasets: which ratings make which examples, one version for the same feedback, and files."""

from __future__ import annotations

import json

import pytest

from accounts.models import User
from chatsite.backend.feedback import is_held_out
from conversations.models import Rating
from finetuning import services as files
from finetuning import storing
from improvement.datasets import HELD_OUT, NothingToLearn, make_dataset
from improvement.models import Dataset, DatasetRating, Exclusion
from tests.improvement.conftest import choice, thumb

pytestmark = pytest.mark.django_db


def fates(dataset: Dataset) -> dict[str, tuple[str, str]]:
    return {row.rating: (row.fate, row.part) for row in dataset.ratings.all()}


def lines(dataset: Dataset, part: str, kind: str) -> list[dict[str, object]]:
    file = dataset.file(part, kind)
    assert file is not None
    with storing.opened(file.id) as stream:
        return [json.loads(line) for line in stream.read().splitlines()]


def test_every_rating_has_its_fate_and_the_line_of_its_example(
    administrator: User, alice: User, bob: User
) -> None:
    good = thumb(alice, "Why?", "Because.", good=True)
    corrected = thumb(alice, "And?", "No.", better="Yes.")
    chosen = choice(bob, "Hi", "Hello.", "Go away.")
    empty = thumb(bob, "What?", "")
    refused = thumb(bob, "I will kill you tonight, I know where you live", "Oh.", good=True)
    excluded = thumb(bob, "Which?", "That.", good=True)
    Exclusion.objects.create(rating=excluded, by=administrator)

    dataset = make_dataset(administrator, made_by=administrator, share=0.0)

    assert fates(dataset) == {
        good: ("used", "training"),
        corrected: ("used", "training"),
        chosen: ("used", "training"),
        empty: ("empty", ""),
        refused: ("refused", ""),
        excluded: ("excluded", ""),
    }
    assert dataset.counts == {
        "training": {"supervised": 1, "preferences": 2, "judged": 1},
        "held_out": {"supervised": 0, "preferences": 0, "judged": 0},
        "fates": {"used": 3, "empty": 1, "refused": 1, "excluded": 1},
    }
    assert lines(dataset, "training", "judged") == [
        {
            "messages": [
                {"role": "user", "content": "Why?"},
                {"role": "assistant", "content": "Because."},
            ],
            "label": True,
        }
    ]
    (row,) = dataset.ratings.filter(rating=corrected)
    assert (row.supervised, row.judged) == (0, None)
    preferences = lines(dataset, "training", "preferences")
    assert preferences[row.preferences or 0]["preferred_output"] == [
        {"role": "assistant", "content": "Yes."}
    ]
    file = dataset.training_preferences
    assert file is not None
    assert (file.owner, file.filename, file.state) == (
        administrator,
        "dataset-1-training-preferences.jsonl",
        "done",
    )


def test_who_opted_out_is_left_out(administrator: User, alice: User, bob: User) -> None:
    his, hers = thumb(bob, "Why?", "Because."), thumb(alice, "What?", "That.")
    User.objects.filter(pk=bob.pk).update(training_opt_out=True)

    dataset = make_dataset(administrator, made_by=None, share=0.0)

    assert fates(dataset) == {his: ("opted_out", ""), hers: ("used", "training")}


def test_the_same_feedback_makes_no_second_version(administrator: User, alice: User) -> None:
    thumb(alice, "Why?", "Because.", good=True)
    first = make_dataset(administrator, made_by=None, share=0.0)
    assert make_dataset(administrator, made_by=None, share=0.0) == first

    thumb(alice, "What?", "That.")
    second = make_dataset(administrator, made_by=administrator, share=0.0)
    assert [first.number, second.number] == [1, 2]
    assert Dataset.objects.count() == 2


def test_other_people_who_say_the_same_make_another_version(
    administrator: User, alice: User, bob: User
) -> None:
    hers = thumb(alice, "Why?", "Because.", better="So it is.")
    his = thumb(bob, "Why?", "Because.", better="So it is.")
    both = make_dataset(administrator, made_by=None, share=0.0)
    alice.delete()
    alone = make_dataset(administrator, made_by=None, share=0.0)
    assert lines(alone, "training", "preferences") == lines(both, "training", "preferences")
    assert fates(both).keys() == {hers, his}
    assert fates(alone) == {his: ("used", "training")}


def test_a_file_that_was_deleted_is_made_anew(administrator: User, alice: User) -> None:
    rating = thumb(alice, "Why?", "Because.", good=True)
    first = make_dataset(administrator, made_by=None, share=0.0)
    assert first.training_judged is not None
    files.delete_file(administrator, first.training_judged.public_id)

    again = make_dataset(administrator, made_by=None, share=0.0)

    assert again == first
    assert len(lines(again, "training", "judged")) == 1
    assert list(DatasetRating.objects.values_list("rating", flat=True)) == [rating]


def test_conversations_are_held_out_whole(administrator: User, alice: User) -> None:
    ratings = [thumb(alice, f"Number {i}?", f"{i}.", good=True) for i in range(30)]
    dataset = make_dataset(administrator, made_by=None)

    apart = {
        f"rating-{rating.id.hex}": is_held_out(str(rating.message.conversation_id), HELD_OUT)
        for rating in Rating.objects.select_related("message")
        if rating.message is not None
    }
    assert {rating for rating, (_, part) in fates(dataset).items() if part == "held_out"} == {
        rating for rating in ratings if apart[rating]
    }
    assert sum(dataset.counts[part]["judged"] for part in ("training", "held_out")) == 30


def test_without_ratings_there_is_nothing_to_learn(administrator: User) -> None:
    with pytest.raises(NothingToLearn):
        make_dataset(administrator, made_by=administrator)
    assert not Dataset.objects.exists()
