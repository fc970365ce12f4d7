"""What counts as a word, and what people mean by what they type."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fulltext.words import Piece, Query, excerpt, parse, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The Fox, the fox_trot!", ["the", "fox", "the", "fox", "trot"]),
        ("Crème brûlée", ["creme", "brulee"]),
        ("Cre\u0300me ﬁn Straße İ", ["creme", "fin", "strasse", "i"]),
        ("3.14 C++ #42 🦊", ["3", "14", "c", "42"]),
        ("東京タワー", ["東", "京", "タ", "ワ", "ー"]),
        ("हिन्दी भाषा।", ["हिनदी", "भाषा"]),
        ("שָׁלוֹם مَرْحَبًا", ["שלום", "مرحبا"]),
        ("a\x00b", ["a", "b"]),
        ("x" * 500, ["x" * 60]),
        ("", []),
    ],
)
def test_words_are_without_accents_and_in_one_case(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("red fo", Query((("red",), ("fo",)), unfinished=True)),
        ('"red fox" la', Query((("red", "fox"), ("la",)), unfinished=True)),
        ('lake "red fox"', Query((("lake",), ("red", "fox")))),
        ("lake “red fox” ", Query((("lake",), ("red", "fox")))),
        ('lake "red fo', Query((("lake",), ("red", "fo")), unfinished=True)),
        ("don't NEAR(", Query((("don", "t"), ("near",)), unfinished=True)),
        ("京都", Query((("京", "都"),), unfinished=True)),
        ('" " * 🦊', Query()),
        ("", Query()),
    ],
)
def test_what_is_typed_becomes_phrases(typed: str, query: Query) -> None:
    assert parse(typed) == query


def test_no_more_is_read_than_a_search_is_long() -> None:
    assert len(parse("word " * 2000).phrases) == 12
    assert parse("x" * 10_000).phrases == (("x" * 60,),)


def test_an_excerpt_is_cut_around_the_first_place_and_marks_all_in_it() -> None:
    text = "word " * 40 + "the **Red\nFox** and a `red  foxglove`\n" + "word " * 60
    assert excerpt(text, parse('"red fox'), before=10, length=60) == (
        Piece("… "),
        Piece("the "),
        Piece("Red Fox", marked=True),
        Piece(" and a "),
        Piece("red foxglove", marked=True),
        Piece(" word word word word wo"),
        Piece(" …"),
    )
    assert excerpt("All of it.", parse("none")) == (Piece("All of it."),)


@given(st.text(max_size=300), st.text(max_size=30))
def test_an_excerpt_loses_and_doubles_nothing(text: str, typed: str) -> None:
    pieces = excerpt(text, parse(typed), before=20, length=1000)
    told = "".join(piece.text for piece in pieces if piece.text not in ("… ", " …"))
    whole, told = (" ".join(re.sub(r"[*`]", "", each).split()) for each in (text, told))
    assert told in whole
