"""Words, phrases, slips of spelling, and words that nobody knows."""

from __future__ import annotations

import pytest

from chatsite.backend.illustrator.language.lexer import tokens, unread
from chatsite.backend.illustrator.language.lexicon import lexicon, vocabulary


def things(text):
    return [token.all("kind") for token in tokens(text)]


def test_the_longest_phrase_is_taken():
    assert [t.text for t in tokens("a hot air balloon in front of the Ferris wheel")] == [
        "a",
        "hot air balloon",
        "in front of",
        "the",
        "ferris wheel",
    ]


@pytest.mark.parametrize(
    ("slip", "kind"),
    [
        ("girafe", "giraffe"),
        ("kangeroo", "kangaroo"),
        ("elefant", "elephant"),
        ("pengiun", "penguin"),
        ("ligthhouse", "lighthouse"),
        ("cassstle", "castle"),
    ],
)
def test_slips_of_spelling_are_understood(slip, kind):
    assert things(slip) == [(kind,)]


@pytest.mark.parametrize("word", ["floor", "throng", "money", "grudge", "sprocket", "bat", "loss"])
def test_other_words_are_not_taken_for_slips(word):
    assert things(word) in [[()], [("bat",)], [("coin",)]]


@pytest.mark.parametrize(
    ("word", "kind"),
    [("boysenberry", "strawberry"), ("lionfish", "fish"), ("birdcastle", "castle")],
)
def test_compounds_are_drawn_as_their_last_part(word, kind):
    (token,) = tokens(word)
    assert [(r.value, r.near) for r in token.readings] == [(kind, True)]


def test_possessives_hyphens_numbers_and_marks_are_set_apart():
    assert [t.text for t in tokens("The king\u2019s red-roofed castle, 12 (big) owls!")] == [
        *("the", "king", "'s", "red", "roofed", "castle", ",", "12", "(", "big", ")", "owls", "!"),
    ]


def test_accents_and_capitals_make_no_difference():
    assert tokens("CAF\u00c9") == tokens("cafe")


def test_a_very_long_prompt_is_read_up_to_a_point_which_is_told():
    assert len(tokens("fox " * 1000)) == 400
    assert unread("fox " * 400) == ""
    assert unread("fox " * 400 + "and a crow") == "and a crow"
    assert unread("fox, " * 400) == "fox fox fox fox fox\u2026"


def test_the_vocabulary_has_every_phrase_of_the_lexicon_and_its_roles() -> None:
    phrases = {
        " ".join(words): frozenset(reading.role for reading in readings)
        for entries in lexicon().phrases.values()
        for words, readings in entries
    }
    assert dict(vocabulary()) == phrases
    assert vocabulary()["orange"] >= {"color", "kind"}
