"""People's ratings turned into training examples. Pure: the same feedback gives the same examples.

- An answer that somebody wrote a better one for: the better one is learnt (supervised), and
  preferred to the other.
- Two answers of which one was chosen: a preference.
- A thumb alone: a judged answer, for KTO.

No conversation gives examples to both parts of the dataset, and no question that is learnt is held
out: what is held out is to prove what a model makes of what it has not learnt. People who opted out
are left out, so is what moderation refuses, and what people contradict one another about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Generic, Literal, TypeVar

import orjson

from chatsite.backend.datasets import Chat, ChatTurn, Judged, Preference

Turns = tuple[ChatTurn, ...]
Allowed = Callable[[str], bool]
"""Whether a text may be learnt from."""

Learnt = Chat | Preference | Judged
E_co = TypeVar("E_co", bound=Learnt, covariant=True)


@dataclass(frozen=True, slots=True)
class Thumb:
    """A rating of one answer. `asked` is the branch of the conversation that it answers.

    `better` is what the person would rather have read, "" where they wrote nothing.
    """

    id: str
    person: str
    conversation: str
    asked: Turns
    answer: str
    good: bool
    better: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A choice between two answers to the same."""

    id: str
    person: str
    conversation: str
    asked: Turns
    chosen: str
    rejected: str


Feedback = Thumb | Comparison


@dataclass(frozen=True, slots=True)
class Made(Generic[E_co]):
    """An example, and which ratings of which conversations made it."""

    example: E_co
    ratings: tuple[str, ...]
    conversations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """The examples to train on, or those that are held out."""

    supervised: tuple[Made[Chat], ...] = ()
    preferences: tuple[Made[Preference], ...] = ()
    judged: tuple[Made[Judged], ...] = ()

    @property
    def ratings(self) -> frozenset[str]:
        """Every rating that made one of these examples."""
        made: tuple[Made[Learnt], ...] = (*self.supervised, *self.preferences, *self.judged)
        return frozenset(rating for one in made for rating in one.ratings)


Fate = Literal["used", "opted_out", "refused", "empty", "contradicted", "repeated"]
"""What became of a rating: it made an example, its person opted out, moderation refused its words,
there was nothing in it to learn, as many others say the opposite, or its question is learnt already
and so cannot be held out."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Examples to learn and to hold out, and what became of every rating, by its id."""

    training: Part
    held_out: Part
    fates: Mapping[str, Fate]

    @property
    def counts(self) -> Mapping[Fate, int]:
        """How many ratings had each fate."""
        return Counter(self.fates.values())


@dataclass(frozen=True, slots=True)
class _Vote:
    """What one rating says; those on the same `matter` say the same or the opposite."""

    matter: bytes
    says: bool
    example: Learnt
    rating: Feedback


def build(
    feedback: Iterable[Feedback],
    *,
    allowed: Allowed,
    opted_out: Collection[str] = (),
    held_out: float = 0.1,
) -> Dataset:
    """The dataset of this feedback; `held_out` is the share of conversations that are not learnt.

    The order of the feedback does not matter, and a conversation stays in its part when more
    feedback comes.
    """
    fates: dict[str, Fate] = {}
    learnt: list[_Vote] = []
    kept_back: list[_Vote] = []
    for rating in sorted(feedback, key=lambda rating: rating.id):
        reason = _unusable(rating, allowed, opted_out)
        fates[rating.id] = reason or "contradicted"
        if reason is None:
            apart = is_held_out(rating.conversation, held_out)
            (kept_back if apart else learnt).extend(_votes(rating))
    training = _agreed(learnt)
    questions = {_question(vote.rating) for vote in learnt}
    for vote in kept_back:
        if _question(vote.rating) in questions:
            fates[vote.rating.id] = "repeated"
    testing = _agreed([vote for vote in kept_back if _question(vote.rating) not in questions])
    parts = _part(training), _part(_once_each(testing))
    for rating_id in parts[0].ratings | parts[1].ratings:
        fates[rating_id] = "used"
    return Dataset(*parts, fates)


def is_held_out(conversation: str, share: float) -> bool:
    """Whether a conversation is among the `share` that is never learnt from, by its id alone."""
    number = int.from_bytes(blake2b(conversation.encode(), digest_size=8).digest())
    return number < share * 2**64


def _unusable(rating: Feedback, allowed: Allowed, opted_out: Collection[str]) -> Fate | None:
    if rating.person in opted_out:
        return "opted_out"
    if isinstance(rating, Thumb):
        answers = [rating.answer, rating.better] if rating.better.strip() else [rating.answer]
    else:
        answers = [rating.chosen, rating.rejected]
    if not rating.asked or not all(text.strip() for text in answers):
        return "empty"
    if isinstance(rating, Comparison) and rating.chosen == rating.rejected:
        return "empty"
    texts = [turn.content for turn in rating.asked if turn.content] + answers
    return None if all(allowed(text) for text in texts) else "refused"


def _votes(rating: Feedback) -> Iterator[_Vote]:
    # Earlier answers are what was said, not what is to be learnt.
    asked = tuple(
        replace(turn, weight=0) if turn.role == "assistant" else turn for turn in rating.asked
    )
    match rating:
        case Comparison(chosen=chosen, rejected=rejected):
            yield _preference(asked, chosen, rejected, rating)
        case Thumb(answer=answer, better=better) if better.strip():
            chat = Chat((*asked, ChatTurn("assistant", better)))
            yield _Vote(_digest("chat", asked, better), True, chat, rating)
            if better != answer:
                yield _preference(asked, better, answer, rating)
        case Thumb(answer=answer, good=good):
            judged = Judged(Chat((*asked, ChatTurn("assistant", answer))), good)
            yield _Vote(_digest("judged", asked, answer), good, judged, rating)


def _preference(asked: Turns, chosen: str, rejected: str, rating: Feedback) -> _Vote:
    answers = (ChatTurn("assistant", chosen),), (ChatTurn("assistant", rejected),)
    matter = _digest("preference", asked, *sorted((chosen, rejected)))
    return _Vote(matter, chosen < rejected, Preference(asked, *answers), rating)


def _digest(kind: str, asked: Turns, *answers: str) -> bytes:
    return blake2b(orjson.dumps([kind, asked, answers]), digest_size=16).digest()


def _agreed(votes: Iterable[_Vote]) -> list[Made[Learnt]]:
    """An example for each matter on which more say the one than the other."""
    matters: dict[bytes, list[_Vote]] = {}
    for vote in votes:
        matters.setdefault(vote.matter, []).append(vote)
    made = []
    for several in matters.values():
        balance = sum(1 if vote.says else -1 for vote in several)
        winners = [vote for vote in several if balance and vote.says == (balance > 0)]
        if winners:
            ratings = tuple(vote.rating.id for vote in winners)
            conversations = tuple(sorted({vote.rating.conversation for vote in winners}))
            made.append(Made(winners[0].example, ratings, conversations))
    return made


def _question(rating: Feedback) -> tuple[tuple[str, str], ...]:
    """What was asked, however it was put: neither capitals nor spaces make it another question."""
    return tuple((turn.role, " ".join(turn.content.casefold().split())) for turn in rating.asked)


def _once_each(made: Iterable[Made[Learnt]]) -> list[Made[Learnt]]:
    """The same answer preferred to several others to one question is one proof, not several."""
    kept: dict[object, Made[Learnt]] = {}
    for one in made:
        example = one.example
        proof = (example.input, example.preferred) if isinstance(example, Preference) else example
        known = kept.get(proof)
        if known is not None:
            conversations = {*known.conversations, *one.conversations}
            ratings = tuple(sorted({*known.ratings, *one.ratings}))
            one = Made(known.example, ratings, tuple(sorted(conversations)))  # noqa: PLW2901
        kept[proof] = one
    return list(kept.values())


def _part(made: Sequence[Made[Learnt]]) -> Part:
    def of(kind: type[E_co]) -> tuple[Made[E_co], ...]:
        return tuple(
            Made(one.example, one.ratings, one.conversations)
            for one in made
            if isinstance(one.example, kind)
        )

    return Part(of(Chat), of(Preference), of(Judged))


# --- as training files


def example_to_json(example: Learnt) -> dict[str, Any]:
    """The example as a line of a training file, in the form that it is read in."""
    match example:
        case Chat(messages=messages, tools=tools):
            return {"messages": _turns(messages), **_tools(tools)}
        case Preference():
            return {
                "input": {"messages": _turns(example.input), **_tools(example.tools)},
                "preferred_output": _turns(example.preferred),
                "non_preferred_output": _turns(example.rejected),
            }
        case Judged(chat=chat, desirable=desirable):
            return {**example_to_json(chat), "label": desirable}


def _turns(turns: Turns) -> list[dict[str, Any]]:
    written = []
    for turn in turns:
        message: dict[str, Any] = {"role": turn.role, "content": turn.content}
        if turn.role == "assistant" and turn.weight != 1:
            message["weight"] = turn.weight
        for name in ("name", "tool_calls", "tool_call_id"):
            value = getattr(turn, name)
            if value:
                message[name] = value
        written.append(message)
    return written


def _tools(tools: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"tools": list(tools)} if tools else {}
