"""improvement.trials: what people said of a candidate that was tried blind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from chatsite.backend.errors import NotPermitted
from chatsite.backend.evaluation.metrics import share
from conversations.models import Comparison, Conversation, Message, Rating
from improvement.trials import Figures, figures_for, fisher_p, sign_p, trials_for
from library.models import Alias, Trial

CANDIDATE = "ft:starter:site:better:1a2b3c4d"


@pytest.fixture
def trial(administrator: User) -> Trial:
    return Trial.objects.create(
        alias=Alias.objects.get(), candidate=CANDIDATE, share=0.5, started_by=administrator
    )


@pytest.fixture
def chat(alice: User) -> Conversation:
    return Conversation.objects.create(owner=alice)


def answered(chat: Conversation, model: str = "starter:latest", **more: Any) -> Message:
    return Message.objects.create(
        conversation=chat, role="assistant", model=model, text="Well.", **more
    )


def rate(chat: Conversation, thumb: int, served: str, **more: Any) -> None:
    Rating.objects.create(
        owner=chat.owner, message=answered(chat, served=served, **more), thumb=thumb
    )


def compare(chat: Conversation, trial: Trial | None, choice: str, *models: str) -> None:
    first, second = (answered(chat, model) for model in models)
    question = Message.objects.create(conversation=chat, role="user", text="Well?")
    Comparison.objects.create(
        owner=chat.owner, conversation=chat, question=question, first=first, second=second,
        choice=choice, trial=None if trial is None else trial.id,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("won", "count", "p"),
    [(12, 15, 0.03515625), (3, 15, 0.03515625), (5, 5, 0.0625), (2, 4, 1.0), (0, 0, 1.0)],
)
def test_the_sign_test_is_exact_and_two_sided(won: int, count: int, p: float) -> None:
    assert sign_p(won, count) == p


@pytest.mark.parametrize(
    ("table", "p"),
    [
        # Fisher's lady who tastes tea, and tables as R's fisher.test has them.
        ((3, 1, 1, 3), 34 / 70),
        ((8, 2, 1, 5), 280 / 8008),
        ((0, 0, 4, 1), 1.0),
        ((0, 0, 0, 0), 1.0),
    ],
)
def test_fishers_test_is_exact_and_two_sided(table: tuple[int, int, int, int], p: float) -> None:
    assert fisher_p(*table) == pytest.approx(p, abs=1e-12)


def test_what_people_said_is_counted_by_the_model_that_answered(
    administrator: User,
    trial: Trial,
    chat: Conversation,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for thumb, served, times in ((1, CANDIDATE, 8), (-1, CANDIDATE, 2), (1, "starter", 1)):
        for _ in range(times):
            rate(chat, thumb, served)
    for _ in range(5):
        rate(chat, -1, "starter")
    # None of the trial's: written before it, asked for by another name, or never begun.
    rate(chat, 1, CANDIDATE, created_at=timezone.now() - timedelta(days=1))
    rate(chat, 1, "", model=CANDIDATE)
    rate(chat, -1, "")
    for number in range(12):
        sides = ("starter", CANDIDATE) if number % 2 else (CANDIDATE, "starter")
        compare(chat, trial, "second" if number % 2 else "first", *sides)
    for _ in range(3):
        compare(chat, trial, "first", "starter", CANDIDATE)
    compare(chat, trial, "both", "starter", CANDIDATE)
    compare(chat, trial, "neither", CANDIDATE, "starter")
    compare(chat, trial, "", CANDIDATE, "starter")
    compare(chat, None, "first", CANDIDATE, "starter")
    with django_assert_num_queries(2):
        found = figures_for(administrator, trial)
    assert found == Figures(
        candidate=share(8, 10),
        current=share(1, 6),
        thumbs_p=280 / 8008,
        preferred=share(12, 15),
        ties=2,
        preferred_p=0.03515625,
    )
    assert found.sentences == (
        "12 of 15 preferred the candidate, p = 0.04: that is hardly chance.",
        "2 found both answers alike.",
        (
            "8 of 10 thumbs up for the candidate, 1 of 6 thumbs up for the model beside it, "
            "p = 0.03: that is hardly chance."
        ),
    )


def test_what_is_said_after_its_end_counts_no_more(
    administrator: User, trial: Trial, chat: Conversation
) -> None:
    rate(chat, 1, CANDIDATE)
    trial.ended_at = timezone.now()
    trial.save()
    rate(chat, 1, CANDIDATE)
    assert figures_for(administrator, trial).candidate == share(1, 1)


def test_a_trial_of_which_nobody_has_spoken_says_so(administrator: User, trial: Trial) -> None:
    assert figures_for(administrator, trial).sentences == ("Nobody has said anything yet.",)
    assert list(trials_for(administrator)) == [trial]


def test_only_administrators_see_a_trial(bob: User, trial: Trial) -> None:
    for look in (lambda: figures_for(bob, trial), lambda: trials_for(bob)):
        with pytest.raises(NotPermitted):
            look()
