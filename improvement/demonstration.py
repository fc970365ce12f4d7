"""What a person might have said of answers, made up: to show the loop, not to learn from."""

from __future__ import annotations

import random
from itertools import product

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from conversations.models import Comparison, Conversation, Message

THINGS = (
    *("fox", "lion", "river", "moon", "garden", "school", "train", "ship", "horse", "tree"),
    *("bridge", "castle", "island", "forest", "robot", "dragon", "king", "queen", "farmer"),
    *("sailor", "teacher", "doctor", "wolf", "bear", "cat", "dog", "bird", "fish", "city"),
)
WAYS = (
    *("Tell me a story about a {}.", "Write a story about a {}.", "Write a short story: a {}."),
    *("Tell me about a {}.", "Can you tell me a story about a {}?", "Make up a {} story."),
    *("I want a story about a {}.", "A story about a {}, please."),
)
MOST = len(THINGS) * len(WAYS)
_SHORT = (
    "A {0} was lost in the hills. A kind owl showed the way, and the {0} was home by night.",
    "Once there was a {0} that was sad. Then a friend came to play, and the {0} was glad again.",
    "A little {0} found a coin. It gave the coin to a poor man, and they were friends for life.",
)
_BEGINNINGS = (
    "Once there was a kind {0} who lived in a deep valley. One day the {0} found a golden basket.",
    "A young {0} lived at the edge of a forest. One day the {0} lost a stone and looked for it.",
)
_ENDINGS = (
    " By the well sat a fish, weeping, because it was lost. The {0} gave it back and was glad.",
    " Then a rabbit offered to help, and they looked together. The {0} danced all the way home.",
)


@transaction.atomic
def compare_stories(person: User, count: int, *, by_chance: bool = False, seed: int = 1) -> None:
    """Conversations in which a person is offered a short and a long story and chooses.

    They choose the short one each time, or either `by_chance`. At most MOST of them.
    """
    chance = random.Random(seed)  # noqa: S311 - the same stories each time
    asked = [way.format(thing) for way, thing in product(WAYS, THINGS)]
    things = [thing for _, thing in product(WAYS, THINGS)]
    now = timezone.now()
    rows: list[tuple[Conversation, list[Message], Comparison]] = []
    for question, thing in chance.sample(list(zip(asked, things, strict=True)), count):
        short = chance.choice(_SHORT).format(thing)
        long = (chance.choice(_BEGINNINGS) + chance.choice(_ENDINGS)).format(thing)
        first, second = chance.sample((short, long), 2)
        better = chance.choice((first, second)) if by_chance else short
        conversation = Conversation(owner=person, title=question)
        ask = Message(conversation=conversation, role=Message.Role.USER, text=question)
        answers = [
            Message(conversation=conversation, parent=ask, role=Message.Role.ASSISTANT, text=text)
            for text in (first, second)
        ]
        choice = Comparison.Choice.FIRST if better == first else Comparison.Choice.SECOND
        comparison = Comparison(
            owner=person,
            conversation=conversation,
            question=ask,
            first=answers[0],
            second=answers[1],
            choice=choice,
            decided_at=now,
        )
        rows.append((conversation, [ask, *answers], comparison))
    Conversation.objects.bulk_create(conversation for conversation, _, _ in rows)
    Message.objects.bulk_create(message for _, messages, _ in rows for message in messages)
    Comparison.objects.bulk_create(comparison for _, _, comparison in rows)
