"""Common phrases in five languages, and short replies in a language that is asked for."""

from __future__ import annotations

import random

from chatsite.backend.training.conversations.exchange import Exchange, asked, quoted, words


def translations(rng: random.Random) -> list[Exchange]:
    """A common word or phrase put into another language, at times into a second one after it, into
    several at once, or back into English."""
    stored = words("languages")
    chance = rng.random()
    if chance < 0.38:
        return [_back(rng)]
    phrase = _phrase(rng)
    chosen = rng.sample(stored["languages"], k=3)
    shown = quoted(phrase.capitalize() if rng.random() < 0.2 else phrase, rng)
    if chance < 0.44:
        return [_several(phrase, shown, chosen[: rng.choice((2, 3))], rng)]
    question = asked(stored["questions"], rng).format(phrase=shown, language=chosen[0])
    made = [_said(question, phrase, chosen[0])]
    if chance > 0.9:
        then = rng.choice(stored["then_questions"]).format(language=chosen[1])
        made.append(_said(then, phrase, chosen[1]))
    return made


def _phrase(rng: random.Random) -> str:
    phrases = list(words("languages")["phrases"])
    return str(rng.choices(phrases, weights=[1 / (10 + n) for n in range(len(phrases))])[0])


def _foreign(phrase: str, language: str) -> str:
    stored = words("languages")
    return str(stored["phrases"][phrase][stored["languages"].index(language)])


def _said(question: str, phrase: str, language: str) -> Exchange:
    foreign = _foreign(phrase, language)
    return Exchange(question, f'In {language}, you say "{foreign}".', foreign)


def _several(phrase: str, shown: str, languages: list[str], rng: random.Random) -> Exchange:
    named = f"{', '.join(languages[:-1])} and {languages[-1]}"
    question = rng.choice(words("languages")["several_questions"])
    said = [f'{language}: "{_foreign(phrase, language)}".' for language in languages]
    return Exchange(question.format(phrase=shown, languages=named), " ".join(said))


def _back(rng: random.Random) -> Exchange:
    stored = words("languages")
    phrase, language = _phrase(rng), rng.choice(stored["languages"])
    foreign = _foreign(phrase, language)
    shown = quoted(foreign.capitalize() if rng.random() < 0.3 else foreign, rng)
    question = asked(stored["back_questions"], rng).format(foreign=shown, language=language)
    # A word of two languages means the same phrase to whoever does not say which of them.
    first = next(p for p, said in stored["phrases"].items() if foreign in said)
    meant = phrase if language in question else first
    return Exchange(question, f'It means "{meant}".', meant)


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
