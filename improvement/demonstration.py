"""What a person might have said of answers, made up: to show the loop, not to learn from."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import product
from uuid import NAMESPACE_OID, uuid5

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
# With these they stay longer than the fewest words that the evaluation takes for a story.
_CLOSINGS = (
    " They have been good friends since.",
    " They sang until the stars came out.",
    " The man told everybody about it.",
)
_BEGINNINGS = (
    "Once there was a kind {0} who lived in a deep valley. One day the {0} found a golden basket.",
    "A young {0} lived at the edge of a forest. One day the {0} lost a stone and looked for it.",
)
_ENDINGS = (
    " By the well sat a fish, weeping, because it was lost. The {0} gave it back and was glad.",
    " Then a rabbit offered to help, and they looked together. The {0} danced all the way home.",
)
GREETINGS = (
    *("Hi!", "Hello!", "Hey!", "Good morning!", "Good evening!", "Hi there!", "Hello there!"),
    *("Hey there!", "Good day!", "Hi, how is it going?", "Hello, hello!", "Greetings!"),
    *("Hello again!", "Hi again!", "Good afternoon!", "Morning!"),
)
_BRIEF = ("Hi! How can I help?", "Hello! What can I do for you?", "Hey! What's on your mind?")
_WORDY = (
    "Hello! I'm Chatsite's starter model. What would you like to know?",
    "Hi there! Ask me something, or tell me about your day.",
    "Hi! I'm a small language model. What would you like to talk about?",
)

Choice = tuple[str, str, str, bool]
"""A question, two answers to it, and whether the first is chosen."""


@transaction.atomic
def compare_stories(person: User, count: int, *, by_chance: bool = False, seed: int = 1) -> None:
    """Conversations in which a person is offered a short and a long story and chooses.

    They choose the short one each time, or either `by_chance`. At most MOST of them.
    """
    chance = random.Random(seed)  # noqa: S311 - the same stories each time
    asked = [way.format(thing) for way, thing in product(WAYS, THINGS)]
    things = [thing for _, thing in product(WAYS, THINGS)]
    for question, thing in chance.sample(list(zip(asked, things, strict=True)), count):
        short = "".join(chance.choice(tuple(zip(_SHORT, _CLOSINGS, strict=True)))).format(thing)
        long = (chance.choice(_BEGINNINGS) + chance.choice(_ENDINGS)).format(thing)
        first, second = chance.sample((short, long), 2)
        better = chance.choice((first, second)) if by_chance else short
        _compare(_conversation(person, question), [(question, first, second, better == first)])


@transaction.atomic
def compare_greetings(person: User) -> None:
    """Conversations in which a person greets the same way again and again, and finds the longer
    answer better each time: the starter seldom says those, so that there is much to gain.
    """
    for greeting in GREETINGS:
        choices = [(greeting, *both, True) for both in product(_WORDY, _BRIEF)]
        _compare(_conversation(person, greeting), choices)


def _conversation(person: User, question: str) -> Conversation:
    """Always the same ones, so that the same ones are held out."""
    return Conversation(id=uuid5(NAMESPACE_OID, question), owner=person, title=question)


def _compare(conversation: Conversation, choices: Sequence[Choice]) -> None:
    now = timezone.now()
    messages, comparisons = [], []
    for question, first, second, first_is_better in choices:
        ask = Message(conversation=conversation, role=Message.Role.USER, text=question)
        answers = [
            Message(conversation=conversation, parent=ask, role=Message.Role.ASSISTANT, text=text)
            for text in (first, second)
        ]
        messages += [ask, *answers]
        comparisons.append(
            Comparison(
                owner=conversation.owner,
                conversation=conversation,
                question=ask,
                first=answers[0],
                second=answers[1],
                choice=Comparison.Choice.FIRST if first_is_better else Comparison.Choice.SECOND,
                decided_at=now,
            )
        )
    conversation.save(force_insert=True)
    Message.objects.bulk_create(messages)
    Comparison.objects.bulk_create(comparisons)
