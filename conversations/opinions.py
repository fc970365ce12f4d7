"""What a person has said of the answers on a page, and which two of them are to be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from conversations.models import Comparison, Message, Rating

REASONS: Mapping[int, Mapping[str, str]] = {
    Rating.Thumb.UP: {
        "helpful": "Helpful",
        "correct": "Correct",
        "well_written": "Well written",
        "right_length": "Just the right length",
        "creative": "Creative",
    },
    Rating.Thumb.DOWN: {
        "not_correct": "Not factually correct",
        "instructions": "Didn't follow instructions",
        "too_long": "Too long",
        "too_short": "Too short",
        "tone_or_language": "Wrong tone or language",
        "unsafe": "Unsafe",
        "other": "Something else",
    },
}
"""What the pages offer as reasons for a thumb; over the API they may be any words."""
LONGEST_COMMENT = 4000
LONGEST_ANSWER = 100_000
"""Characters."""
_LABELS = {reason: label for reasons in REASONS.values() for reason, label in reasons.items()}


@dataclass(frozen=True, slots=True)
class Opinion:
    """A thumb (1 up, -1 down) with its reasons, and what would have been a better answer."""

    thumb: int
    reasons: Sequence[str] = ()
    comment: str = ""
    better_answer: str = ""

    @property
    def details(self) -> tuple[str, ...]:
        """What was said beside the thumb, in a few words each."""
        said = [_LABELS.get(reason, reason) for reason in self.reasons]
        if self.comment:
            said.append(f"“{shortened(self.comment, 60)}”")
        if self.better_answer:
            said.append("a better answer")
        return tuple(said)


def reasons_to_offer(opinion: Opinion) -> list[tuple[str, str, bool]]:
    """Each reason's value, its words and whether it was given; those of the API are among them."""
    labels = {**REASONS[opinion.thumb], **{own: _LABELS.get(own, own) for own in opinion.reasons}}
    return [(value, label, value in opinion.reasons) for value, label in labels.items()]


def opinion_of(rating: Rating) -> Opinion:
    return Opinion(rating.thumb, tuple(rating.reasons), rating.comment, rating.better_answer)


def shortened(text: str, length: int) -> str:
    """The beginning of a text on one line, of at most `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers side by side. `answered` says of each whether there is something to compare."""

    id: UUID
    first: UUID
    second: UUID
    ready: bool = False
    answered: tuple[bool, bool] = (False, False)

    def letter(self, message: UUID) -> Literal["", "A", "B"]:
        """What the answer is called on the page; "" for a message that is none of the two."""
        return "A" if message == self.first else "B" if message == self.second else ""

    @property
    def comparable(self) -> bool:
        """Whether both are finished and say something."""
        return self.ready and all(self.answered)

    @property
    def survivor(self) -> str:
        """Of two answers of which not both say something: the letter of the one to go on from."""
        return "B" if self.answered == (False, True) else "A"


@dataclass(frozen=True, slots=True)
class Said:
    """What a person has said of some messages. `compared` are those with an earlier version."""

    opinions: Mapping[UUID, Opinion]
    compared: frozenset[UUID]
    offered: Comparison | None = None
    """Two answers at the end of the branch between which there was no choice yet."""

    @property
    def offered_ids(self) -> tuple[UUID, ...]:
        return (self.offered.first_id, self.offered.second_id) if self.offered else ()

    def pair(self, messages: Mapping[UUID, Message]) -> Pair | None:
        """The two that stand side by side, as these messages are now.

        None as soon as both are finished and say the same: there is no choice then.
        """
        if self.offered is None or not messages.keys() >= set(self.offered_ids):
            return None
        answers = [messages[i] for i in self.offered_ids]
        texts = [answer.text.strip() for answer in answers]
        ready = all(answer.status != Message.Status.STREAMING for answer in answers)
        if ready and texts[0] == texts[1]:
            return None
        return Pair(
            self.offered.id,
            self.offered.first_id,
            self.offered.second_id,
            ready=ready,
            answered=(bool(texts[0]), bool(texts[1])),
        )


def said_of(user: User, messages: Iterable[UUID], leaf: UUID | None) -> Said:
    """What the user has said of these messages of a conversation whose branch ends in `leaf`."""
    ids = list(messages)
    if not ids:
        return Said({}, frozenset())
    rated = Rating.objects.filter(owner=user, message_id__in=ids)
    among = Q(first_id__in=ids) | Q(second_id__in=ids)
    comparisons = list(Comparison.objects.filter(among, owner=user))
    return Said(
        {one.message_id: opinion_of(one) for one in rated if one.message_id is not None},
        frozenset(one.second_id for one in comparisons),
        next((one for one in comparisons if not one.choice and one.first_id == leaf), None),
    )
