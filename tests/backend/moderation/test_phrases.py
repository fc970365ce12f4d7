from __future__ import annotations

import pytest

from chatsite.backend.moderation.phrases import Phrasebook, Rule
from chatsite.backend.moderation.scanner import MAX_WORD, SPAN, Scanner


def book(*phrases: str, shields: tuple[str, ...] = ()) -> Phrasebook:
    return Phrasebook(
        [
            *(Rule("violence", 0.5, phrase) for phrase in phrases),
            *(Rule(None, 0.0, phrase) for phrase in shields),
        ],
        classes={"PET": frozenset({"cat", "dog", "boot"})},
        macros={"will": ("will", "am going to", "<shall>"), "shall": ("shall",)},
        barriers=frozenset({"not"}),
    )


def found(phrases: Phrasebook, text: str) -> list[str]:
    scanner = Scanner(phrases)
    scanner.feed(text)
    scanner.finish()
    return [text[match.start : match.end] for match in scanner.matches]


@pytest.mark.parametrize(
    ("phrase", "text", "matches"),
    [
        ("eat PET", "They eat  cat, dog", ["eat  cat"]),
        ("eat PET", "They eat a cat", []),
        ("eat PET", "beat cats", []),
        ("eat|love PET", "love dog eat cat", ["love dog", "eat cat"]),
        ("eat|PET now", "cat now", ["cat now"]),
        ("eat *2 PET", "eat my big dog", ["eat my big dog"]),
        ("eat *2 PET", "eat my big fat dog", []),
        ("eat *2 PET", "eat eat cat", ["eat eat cat", "eat cat"]),
        ("eat *2 PET", "eat not cat", []),
        ("eat *2 PET", "I eat. A cat sleeps", []),
        ("eat *2 PET", "eat\n\na cat", []),
        ("eat *2 PET", "eat\na cat", ["eat\na cat"]),
        ("eat *2 PET", "e.g. eat it... cat", []),
        ("i <will> eat", "I will eat. I am going to eat, I shall eat", 3),
        ("i <will>? eat", "I eat and I will eat", 2),
        ("i *1 very? PET", "i a dog, i very dog, i a very dog", 3),
        ("^ eat PET", "Eat cat. I eat cat; eat dog", ["Eat cat", "eat dog"]),
        ("i will *1 @eat PET", "I will now eat cat", ["eat cat"]),
        ("i @<will> eat", "so I am going to eat", ["am going to eat"]),
        ("eat PET !2food", "eat cat food", []),
        ("eat PET !2food", "eat cat and food", []),
        ("eat PET !2food", "eat cat and more food", ["eat cat"]),
        ("eat PET !2food", "eat cat", ["eat cat"]),
        ("eat PET !2food|PET", 'eat "cat"! Dog', []),
    ],
)
def test_the_notation(phrase, text, matches):
    result = found(book(phrase), text)
    if isinstance(matches, int):
        assert len(set(result)) == matches
    else:
        assert result == matches


def test_a_shield_covers_what_follows_in_its_sentence():
    phrases = book("eat PET", shields=("PET said", "never"))

    assert found(phrases, "eat dog, the cat said, eat cat") == ["eat dog"]
    assert found(phrases, "The cat said. Eat cat") == ["Eat cat"]


@pytest.mark.parametrize(
    "text",
    [
        "EAT CAT",
        "eat\u00a0c\u200bat",
        "3@t c4t",
        "eat \u0441\u0430t",  # Cyrillic es and a
        "\uff45\uff41\uff54 \u24d2\u24d0\u24e3",  # fullwidth and circled letters
        "\U0001d41e\U0001d41a\U0001d42d cát!",
        "eeeat caaaat",
        "e a t c a t",
        "e.a.t c-a-t",
        "e  a  t  c  4  t",
        "'eat' cat!!!",
    ],
)
def test_disguises(text):
    assert len(found(book("eat PET"), text)) == 1


def test_a_doubled_letter_is_a_letter_of_its_own():
    assert found(book("eat PET"), "eat bot, eat booot, eatt cat") == ["eat booot"]


@pytest.mark.parametrize("text", ["a e a t", "eat c at", "ea t cat", "e a\nt cat", "3 4 7 cat"])
def test_single_letters_are_not_always_words(text):
    assert found(book("eat PET"), text) == []


def test_a_match_is_bounded():
    phrases = book("eat *1 PET")

    assert len(found(phrases, f"eat{' ' * (SPAN - 6)}cat")) == 1
    assert found(phrases, f"eat{' ' * (SPAN - 5)}cat") == []
    assert len(found(phrases, f"eat {'x' * MAX_WORD} cat")) == 1
    assert found(phrases, f"eat ca{'a' * MAX_WORD}t") == []


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Hello there", 11),
        ("Hello e", 6),
        ("Hello ea", 6),
        ("Hello eg", 8),
        ("Hello eat", 6),
        ("Hello eat my", 6),
        ("Hello eat my dear", 6),
        ("Hello eat my dear ", 18),
        ("Hello eat. ", 6),
        ("Hello eat. W", 11),
        ("Hello eat. Well", 15),
        ("Hello e a", 6),
        ("Hello e a ", 6),
        ("Hello I will go ", 16),
        ("Hello I will watch ", 13),
        ("Hello I will watch a cat ", 13),
        ("Hello I will watch a cat film ", 30),
        (f"Hello eat{' ' * SPAN}", 9 + SPAN),
    ],
)
def test_what_is_safe_to_show(text, safe):
    scanner = Scanner(book("eat *1 PET", "i will @watch *1 PET !1film"), frozenset({"violence"}))
    for char in text:
        scanner.feed(char)

    assert scanner.safe == safe


def test_nothing_is_held_for_what_is_not_watched():
    scanner = Scanner(book("eat *1 PET"), frozenset({"hate"}))
    scanner.feed("Hello eat my ")

    assert scanner.safe == 13


@pytest.mark.parametrize("phrase", ["eat *x PET", "eat < PET", "eat ??"])
def test_a_malformed_phrase_is_refused(phrase):
    with pytest.raises(ValueError, match="Not part of a phrase"):
        book(phrase)
