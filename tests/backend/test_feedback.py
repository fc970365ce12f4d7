"""Ratings become examples: which, on which side, and which do not."""

from __future__ import annotations

import random
from dataclasses import replace

import orjson
import pytest

from chatsite.backend.datasets import Chat, ChatTurn, Judged, Preference, parse_example
from chatsite.backend.feedback import (
    Comparison,
    Made,
    Part,
    Thumb,
    build,
    example_to_json,
    is_held_out,
)
from chatsite.backend.tuning.judged import read_judged

HELLO = (ChatTurn("user", "Hello"),)


def answer(text):
    return ChatTurn("assistant", text)


def thumb(number=1, **fields):
    given = {"person": "alice", "conversation": f"c{number}", "asked": HELLO, "answer": "Hi."}
    return Thumb(f"r{number}", **{**given, "good": True, **fields})


def comparison(number=1, **fields):
    given = {"person": "alice", "conversation": f"c{number}", "asked": HELLO}
    return Comparison(f"r{number}", **{**given, "chosen": "Hi.", "rejected": "Go away.", **fields})


def learnt(*feedback, **options):
    """The dataset of it, nothing held out."""
    return build(feedback, **{"allowed": lambda text: True, "held_out": 0.0, **options})


def test_a_thumb_is_a_judged_answer():
    dataset = learnt(thumb(1, good=True), thumb(2, good=False, answer="Go away."))

    good, bad = (
        Judged(Chat((*HELLO, answer(text))), desirable)
        for text, desirable in (("Hi.", True), ("Go away.", False))
    )
    assert dataset.training == Part(
        judged=(Made(good, ("r1",), ("c1",)), Made(bad, ("r2",), ("c2",)))
    )
    assert dataset.held_out == Part()
    assert dataset.fates == {"r1": "used", "r2": "used"}


def test_a_better_answer_is_learnt_and_preferred():
    asked = (*HELLO, answer("Hi."), ChatTurn("user", "How are you?"))
    dataset = learnt(thumb(asked=asked, answer="No.", good=False, better="Fine, thanks."))

    # The earlier answer is context alone.
    context = (HELLO[0], replace(answer("Hi."), weight=0), asked[2])
    chat = Chat((*context, answer("Fine, thanks.")))
    preference = Preference(context, (answer("Fine, thanks."),), (answer("No."),))
    assert dataset.training == Part(
        supervised=(Made(chat, ("r1",), ("c1",)),),
        preferences=(Made(preference, ("r1",), ("c1",)),),
    )


def test_a_comparison_is_a_preference():
    dataset = learnt(comparison())

    preference = Preference(HELLO, (answer("Hi."),), (answer("Go away."),))
    assert dataset.training == Part(preferences=(Made(preference, ("r1",), ("c1",)),))


def test_the_same_twice_is_one_example_of_two_ratings():
    (made,) = learnt(comparison(1), comparison(2, person="bob")).training.preferences

    assert (made.ratings, made.conversations) == (("r1", "r2"), ("c1", "c2"))


def test_contradictions_are_left_out_and_majorities_followed():
    opposite = {"chosen": "Go away.", "rejected": "Hi."}

    even = learnt(comparison(1), comparison(2, **opposite))
    outvoted = learnt(comparison(1), comparison(2, **opposite), comparison(3))

    assert even.training == Part()
    assert even.counts == {"contradicted": 2}
    (made,) = outvoted.training.preferences
    assert made.example.preferred == (answer("Hi."),)
    assert made.ratings == ("r1", "r3")
    assert outvoted.fates == {"r1": "used", "r2": "contradicted", "r3": "used"}


def test_thumbs_can_contradict_each_other_too():
    assert learnt(thumb(1), thumb(2, good=False)).training == Part()


@pytest.mark.parametrize(
    ("feedback", "options", "fate"),
    [
        (thumb(person="bob"), {"opted_out": {"bob"}}, "opted_out"),
        (thumb(better="bad words"), {"allowed": lambda text: "bad" not in text}, "refused"),
        (thumb(answer="bad words"), {"allowed": lambda text: "bad" not in text}, "refused"),
        (comparison(asked=()), {}, "empty"),
        (comparison(rejected=" "), {}, "empty"),
        (comparison(rejected="Hi."), {}, "empty"),
    ],
)
def test_what_is_left_out(feedback, options, fate):
    dataset = learnt(feedback, **options)

    assert dataset.training == Part()
    assert dataset.fates == {"r1": fate}


def test_no_conversation_is_on_both_sides():
    chance = random.Random(1)
    feedback = [
        thumb(
            i,
            conversation=f"c{i % 40}",
            asked=(ChatTurn("user", f"Question {i}?"),),
            answer=f"Answer {i}.",
            good=chance.random() < 0.5,
        )
        for i in range(120)
    ]

    dataset = learnt(*feedback, held_out=0.3)

    sides = [
        {name for made in part.judged for name in made.conversations}
        for part in (dataset.training, dataset.held_out)
    ]
    assert not sides[0] & sides[1]
    assert len(sides[0] | sides[1]) == 40
    assert 4 <= len(sides[1]) <= 20
    assert sides[1] == {f"c{i}" for i in range(40) if is_held_out(f"c{i}", 0.3)}
    # The order in which they come changes nothing, and neither do later ones.
    chance.shuffle(feedback)
    assert learnt(*feedback, held_out=0.3) == dataset
    more = learnt(*feedback, thumb(999, answer="Another."), held_out=0.3)
    assert set(dataset.held_out.judged) <= set(more.held_out.judged)


def test_what_is_learnt_is_not_held_out_as_well():
    names = [f"c{i}" for i in range(100)]
    held = next(name for name in names if is_held_out(name, 0.3))
    free = next(name for name in names if not is_held_out(name, 0.3))

    dataset = learnt(
        comparison(1, conversation=held), comparison(2, conversation=free), held_out=0.3
    )

    assert dataset.held_out == Part()
    assert dataset.training.ratings == {"r2"}
    assert dataset.fates == {"r1": "repeated", "r2": "used"}


def in_parts(learnt_from: int, held: int) -> tuple[list[str], list[str]]:
    """Names of conversations that are learnt from, and of some that are held out."""
    names = [f"c{i}" for i in range(200)]
    apart = [name for name in names if is_held_out(name, 0.3)]
    return [name for name in names if name not in apart][:learnt_from], apart[:held]


def test_a_question_that_is_learnt_proves_nothing_whatever_was_answered_to_it():
    [free], held = in_parts(1, 3)
    again = (ChatTurn("user", " hello"),)

    dataset = learnt(
        thumb(1, conversation=free, answer="Nope.", better="Hi."),
        thumb(2, conversation=held[0], answer="No way.", better="Hi."),
        comparison(3, conversation=held[1], asked=again),
        thumb(4, conversation=held[2], asked=(*HELLO, answer("Hi."), ChatTurn("user", "Hello"))),
        held_out=0.3,
    )

    assert dataset.training.ratings == {"r1"}
    assert dataset.fates == {"r1": "used", "r2": "repeated", "r3": "repeated", "r4": "used"}
    assert dataset.held_out.ratings == {"r4"}


def test_one_answer_preferred_to_several_others_is_one_proof():
    _, held = in_parts(0, 3)
    others = ("Nope.", "No way.", "Go away.")

    dataset = learnt(
        *(
            thumb(number, conversation=name, answer=other, better="Hi.")
            for number, (name, other) in enumerate(zip(held, others, strict=True))
        ),
        held_out=0.3,
    )

    [made] = dataset.held_out.preferences
    assert made.ratings == ("r0", "r1", "r2")
    assert made.conversations == tuple(sorted(held))
    [chat] = dataset.held_out.supervised
    assert chat.ratings == ("r0", "r1", "r2")
    assert dataset.counts == {"used": 3}


def test_the_examples_are_read_as_they_were_written(tmp_path):
    call = {"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    asked = (
        ChatTurn("system", "Be kind."),
        ChatTurn("user", "Go on.", name="alice"),
        ChatTurn("assistant", "", weight=0, tool_calls=(call,)),
        ChatTurn("tool", "Done.", tool_call_id="x"),
    )
    tools = ({"type": "function", "function": {"name": "f"}},)
    chat = Chat((*asked, answer("Yes.")), tools)
    preference = Preference(asked, (answer("Yes."),), (answer("No."),), tools)

    for example in (chat, preference):
        assert parse_example(orjson.dumps(example_to_json(example))) == example
    file = tmp_path / "judged.jsonl"
    judged = [Judged(chat, True), Judged(chat, False)]
    file.write_bytes(b"\n".join(orjson.dumps(example_to_json(one)) for one in judged))
    assert list(read_judged(file)) == judged
