from __future__ import annotations

import pytest

from chatsite.backend.moderation import CATEGORIES, DEFAULT_POLICY, Policy, blocking
from chatsite.backend.moderation.policy import CLEAN, judge


def test_the_clean_verdict_has_every_category_unflagged():
    assert CLEAN.flagged is False
    assert CLEAN.categories == dict.fromkeys(CATEGORIES, False)
    assert CLEAN.scores == dict.fromkeys(CATEGORIES, 0.0)


def test_a_category_gets_its_highest_score():
    verdict = judge([("hate", 0.4), ("sexual", 0.2), ("hate", 0.9), ("hate", 0.1), ("violence", 0)])

    assert verdict.flagged is True
    assert verdict.reasons == ("hate", "sexual")
    assert verdict.scores == dict.fromkeys(CATEGORIES, 0.0) | {"hate": 0.9, "sexual": 0.2}


def test_by_default_only_what_endangers_someone_blocks():
    assert blocking(judge((name, 1.0) for name in CATEGORIES)) == (
        "harassment/threatening",
        "hate/threatening",
        "illicit/violent",
        "self-harm/instructions",
        "sexual/minors",
    )
    assert blocking(CLEAN) == ()


def test_a_policy_of_ones_own():
    verdict = judge([("sexual", 0.9), ("illicit/violent", 0.9)])

    assert blocking(verdict, Policy(frozenset({"sexual", "hate"}))) == ("sexual",)
    assert blocking(verdict, Policy(frozenset())) == ()
    assert Policy(DEFAULT_POLICY.block) == DEFAULT_POLICY


def test_a_misspelt_category_is_noticed():
    with pytest.raises(ValueError, match="No such moderation category: hat, self_harm"):
        Policy(frozenset({"hat", "hate", "self_harm"}))
