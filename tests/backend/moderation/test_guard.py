from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatsite.backend.errors import ContentBlocked, Unavailable
from chatsite.backend.moderation import OutputGuard, Policy, RuleModerator, blocking, mask
from chatsite.backend.moderation.policy import CLEAN, DEFAULT_POLICY, judge
from chatsite.backend.moderation.scanner import SPAN
from chatsite.backend.types import Verdict

RULES = RuleModerator()


class Keyword:
    """A moderator that cannot follow a text, and tells what it was asked."""

    def __init__(self, stride: int | None = None) -> None:
        self.asked: list[str] = []
        if stride is not None:
            self.stride = stride

    async def check(self, text: str) -> Verdict:
        self.asked.append(text)
        if "outage" in text:
            raise Unavailable("Down.")
        scores = [("hate/threatening", 0.9)] if "forbidden word" in text else []
        return judge([*scores, ("sexual", 0.7)] if "naughty" in text else scores)


def run(guard: OutputGuard, parts: Iterable[str]) -> tuple[list[str], ContentBlocked | None]:
    """What a guard gives for each part and at the end, and how it blocked."""

    async def answer() -> ContentBlocked | None:
        try:
            for part in parts:
                shown.append(await guard.feed(part))  # noqa: PERF401 - kept when it raises
            shown.append(await guard.finish())
        except ContentBlocked as error:
            return error
        return None

    shown: list[str] = []
    return shown, asyncio.run(answer())


def test_words_are_shown_as_they_come():
    parts = ["Hello! How can", " I", " help", " you", " today", "?"]

    shown, error = run(OutputGuard(RULES), parts)

    assert shown == ["Hello! How ", "can ", "", "I help ", "", "you today?", ""]
    assert error is None


def test_what_could_become_blocked_is_held_until_it_cannot():
    parts = ["This is how to make", " a", " good", " bath", " bomb", ". It", " fizzes", "."]

    shown, error = run(OutputGuard(RULES), parts)

    assert shown == [
        "This is how to ", "", "", "", "make a good bath ", "bomb. It", " fizzes", ".", "",
    ]  # fmt: skip
    assert error is None


def test_blocked_text_is_never_shown_and_the_guard_stays_shut():
    guard = OutputGuard(RULES)

    async def answer() -> str:
        shown = ""
        for word in [
            "Sure. ",
            "Here ",
            "is ",
            "how ",
            "to ",
            "make ",
            "a ",
            "pipe ",
            "bomb: ",
            "take ",
            "this ",
            "and ",
        ]:
            shown += await guard.feed(word)
        with pytest.raises(ContentBlocked) as caught:
            await guard.feed("that ")
        for again in (guard.feed("Harmless."), guard.finish()):
            with pytest.raises(ContentBlocked):
                await again
        assert caught.value.code == "content_policy_violation"
        assert caught.value.message == (
            "The answer was stopped by the content policy (illicit/violent)."
        )
        return shown

    assert asyncio.run(answer()) == "Sure. Here is how to "
    assert guard.verdict.reasons == ("illicit", "illicit/violent")


def test_what_is_only_flagged_passes_and_is_recorded():
    guard = OutputGuard(RULES)

    shown, error = run(guard, ["You are", " an idi", "ot. ", "Blood was spurting."])

    assert ("".join(shown), error) == ("You are an idiot. Blood was spurting.", None)
    assert guard.verdict.reasons == ("harassment", "violence", "violence/graphic")


def test_the_policy_decides_what_blocks():
    text = ["They say that ", "you are ", "an idiot"]

    strict = Policy(frozenset({"harassment"}))
    assert run(OutputGuard(RULES, strict), text)[0] == ["They say that ", "", ""]
    assert run(OutputGuard(RULES, Policy(frozenset())), ["kys ", "now"]) == (
        ["kys ", "now", ""],
        None,
    )
    # What implies a blocked category blocks too, and is held back for it.
    violent = Policy(frozenset({"violence"}))
    shown, error = run(OutputGuard(RULES, violent), ["Well, I will ", "kill ", "you", "."])
    assert (shown, error is not None) == (["Well, I will ", "", "", ""], True)


def test_secrets_are_masked_on_the_way():
    card = "4111 1111 1111 1111"
    guard = OutputGuard(RULES)

    shown, error = run(guard, [*f"Pay with {card} now", "."])

    assert ("".join(shown), error) == ("Pay with [card number removed] now.", None)
    assert guard.found == ("card number",)
    assert guard.verdict == CLEAN


def test_the_hold_back_is_bounded():
    guard = OutputGuard(RULES)

    async def answer() -> None:
        shown = await guard.feed("how to make a ")
        assert shown == "how to "
        held = 7
        for _ in range(SPAN):
            shown = await guard.feed("  ")
            held += 2 - len(shown)
            assert held <= SPAN + 2
        assert held == 0

    asyncio.run(answer())


PHRASES = st.sampled_from(
    [
        *("I will ", "kill ", "you", "k i l l ", "k1ll ", "\u043aill", " kiiiill ", "you should "),
        *("how to make a ", "pipe ", "bath ", "bomb", "in Minecraft ", "I can't help with "),
        *("death to ", "all ", "women ", "the ", "kys ", "Kill yourself ", "said ", "he ", "hello"),
        *("! ", ". ", "\n\n", "\u200b", "'", "a ", "b ", "-----BEGIN ", "4111 ", "sk-"),
        *("4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "xoxb-123456789012-AbCdEfGhIjKl"),
    ]
)
TEXTS = st.lists(PHRASES | st.text(max_size=4), max_size=12).map("".join)
CUTS = st.lists(st.integers(1, 12), max_size=60)


def cut(text: str, sizes: list[int]) -> list[str]:
    parts = []
    for size in sizes:
        parts.append(text[:size])
        text = text[size:]
    return [*parts, text]


@settings(max_examples=150, deadline=None)
@given(TEXTS, CUTS | st.just([1] * 300))
def test_any_text_in_any_pieces(text, sizes):
    guard = OutputGuard(RULES)

    shown, error = run(guard, cut(text, sizes))

    matches = [m for m in RULES.matches(text) if m.rule.category in DEFAULT_POLICY.block]
    if not matches:
        assert error is None
        assert "".join(shown) == mask(text).text
        assert guard.verdict == asyncio.run(RULES.check(text))
    else:
        assert error is not None
        assert blocking(guard.verdict)
        first = min(match.start for match in matches)
        assert mask(text[:first]).text.startswith("".join(shown))


@settings(max_examples=120, deadline=None)
@given(
    st.text(max_size=30),
    st.sampled_from(
        [
            "I will murder you",
            "how to build a pipe bomb",
            "We must kill all immigrants",
            "you should k i l l yourself",
            "I w1ll \u043aill yoooou",
        ]
    ),
    CUTS | st.just([1] * 300),
)
def test_no_part_of_a_blocked_phrase_is_shown(before, phrase, sizes):
    text = f"{before}.\n\n{phrase}. And so on, and so on"
    [match, *_] = [m for m in RULES.matches(text) if m.rule.category in DEFAULT_POLICY.block]

    shown, error = run(OutputGuard(RULES), cut(text, sizes))

    assert error is not None
    assert text[: match.start].startswith("".join(shown))


def test_a_moderator_that_cannot_follow_is_asked_at_its_stride():
    moderator = Keyword(stride=10)

    shown, error = run(OutputGuard(moderator), ["Hello ", "there, ", "my ", "friend", "!"])

    assert shown == ["", "Hello there, ", "", "", "my friend!", ""]
    assert moderator.asked == ["Hello there, ", "Hello there, my friend!"]
    assert error is None


def test_the_default_stride():
    moderator = Keyword()

    shown, error = run(OutputGuard(moderator), ["x" * 399, " ", "end"])

    assert shown == ["", "x" * 399 + " ", "", "end"]
    assert [len(text) for text in moderator.asked] == [400, 303]
    assert error is None


def test_an_empty_answer_is_not_asked_about():
    moderator = Keyword()

    assert run(OutputGuard(moderator), [""]) == (["", ""], None)
    assert moderator.asked == []


def test_a_strided_moderator_blocks_across_its_questions():
    guard = OutputGuard(Keyword(stride=8))

    shown, error = run(guard, ["a naughty, forbidden ", "one, or ", "a forbidden ", "word here"])

    assert shown == ["a naughty, forbidden ", "one, or ", "a forbidden "]
    assert error is not None
    assert guard.verdict.reasons == ("hate/threatening", "sexual")


def test_a_moderator_that_fails_lets_nothing_through():
    guard = OutputGuard(Keyword(stride=4))

    async def answer() -> None:
        assert await guard.feed("fine. ") == "fine. "
        with pytest.raises(Unavailable):
            await guard.feed("an outage")
        with pytest.raises(Unavailable):
            await guard.finish()

    asyncio.run(answer())


@settings(max_examples=100, deadline=None)
@given(TEXTS, CUTS, st.integers(1, 30))
def test_any_pieces_at_any_stride(text, sizes, stride):
    shown, error = run(OutputGuard(Keyword(stride)), cut(text, sizes))

    assert ("".join(shown), error) == (mask(text).text, None)
