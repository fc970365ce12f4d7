"""Common phrases in five languages, and short replies in a language that is asked for."""

from __future__ import annotations

import random

from chatsite.backend.training.conversations.exchange import Exchange, asked, words


def translation(rng: random.Random) -> Exchange:
    """A common word or phrase put into another language, or back into English."""
    stored = words("languages")
    phrase = rng.choice(sorted(stored["phrases"]))
    number = rng.randrange(len(stored["languages"]))
    language, foreign = stored["languages"][number], stored["phrases"][phrase][number]
    if rng.random() < 0.15:
        question = rng.choice(stored["back_questions"]).format(foreign=foreign, language=language)
        return Exchange(question, f'"{foreign.capitalize()}" means "{phrase}".', phrase)
    shown = phrase.capitalize() if rng.random() < 0.4 and phrase[:2] != "I " else phrase
    question = asked(stored["questions"], rng).format(phrase=shown, language=language)
    return Exchange(question, f'In {language}, you say "{foreign}".', foreign)


def in_language(language: str, rng: random.Random) -> Exchange:
    """A greeting, thanks, goodbye or the like, answered in the language."""
    replies = words("languages")["replies"][language]
    small = words("smalltalk")
    kind, questions = rng.choice(
        (
            ("hello", small["greetings"]),
            ("thanks", small["thanks"]),
            ("how", small["how_are_you"]),
            ("bye", small["goodbyes"]),
            (
                "who",
                words("about")["topic"][0]["questions"] + words("about")["topic"][1]["questions"],
            ),
            ("unknown", small["unknown"][rng.randrange(3)]["questions"]),
        )
    )
    return Exchange(rng.choice(questions), replies[kind])
