"""Single words of what is said about a picture: which of them a picture can show."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from chatsite.backend.illustrator.language.lexer import gerunds
from chatsite.backend.illustrator.language.lexicon import vocabulary


def word_set(words: str) -> frozenset[str]:
    """The words of a list that is written as a text."""
    return frozenset(words.split())


_LETTERS = re.compile(r"[a-z0-9]+(?:['\-][a-z0-9]+)*")
_LONGEST_PHRASE = 5
_THINGS = frozenset({"kind", "part"})
_SCENIC = frozenset(
    {"color", "time", "season", "weather", "light", "camera", "palette", "style", "setting"}
)
_LOOKS = _THINGS | _SCENIC | {"tone", "size", "comparative", "shade", "mood", "trait", "verb"}
_STYLED = frozenset({"style", "camera", "palette", "images"})
_SIZED = frozenset({"comparative", "shade", "size"})
_JOINING = frozenset(
    {"number", "place", "relation", "articles", "pronouns", "joins", "comma", "breaks", "with",
     "without", "of", "silent", "bodies", "owners"}
)  # fmt: skip
# Words for how a picture looks in which the illustrator sees none.
_SEEN = word_set("""
    background foreground sky color colors colour colours light lights lighting shadow shadows
    style contrast brightness season weather outline outlines frame border nicer prettier cuter
    scarier spookier happier colorful colourful closer
""")
_SCENERY = _SEEN - {"nicer", "prettier", "cuter", "scarier", "spookier", "happier"}
_LINKING = word_set("""
    be have has look wear hold use used some more less fewer much bit little all other even way far
    than by from like as into for its i it them one ones should needs need could has ought to sure
    also instead both each every go back away further add make remove turn change replace put give
""")
# What is written, and how; and what no picture shows.
_OF_TEXT = word_set("""
    text texts poem poems story stories joke jokes recipe recipes code essay email list lists word
    words sentence sentences paragraph paragraphs rhyme rhymes verse verses chapter chapters
    summary answer answers question questions example examples explanation function functions
    script python java javascript html sql english french german spanish italian title point
    points step steps argument topic subject tone language conclusion introduction draft plan
    funnier simpler easier clearer formal informal concise polite casual personal professional
    faster quicker harder smarter name names number numbers variable file files song about love
    pleasure work
""")
# Sizes of a text, too, and what can be said of anything.
_UNDECIDED = word_set("""
    short shorter long longer little great deep light rich soft softer warmer colder cooler simple
    cool fine fall wood spring second fair
""")


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a phrase of what is said; `shown` where the picture was drawn from it."""

    text: str
    roles: frozenset[str]
    shown: bool = False

    @property
    def thing(self) -> bool:
        """Whether it can stand in a picture, or be part of what does."""
        return self.shown or bool(self.roles & _THINGS)

    @property
    def tells(self) -> bool:
        """Whether a picture can show it."""
        return self.shown or bool(self.roles & _LOOKS) or self.text in _SEEN

    @property
    def styled(self) -> bool:
        return bool(self.roles & _STYLED)

    @property
    def scenic(self) -> bool:
        """Whether it is said of the whole picture, or is there in any."""
        return bool(self.roles & _SCENIC) or self.text in _SCENERY

    @property
    def decided(self) -> bool:
        """Whether it is said of nothing but pictures."""
        known = self.scenic or bool(self.roles & (_THINGS | _SIZED))
        return known and self.text not in _UNDECIDED

    @property
    def joins(self) -> bool:
        """Whether it says nothing by itself."""
        return bool(self.roles & _JOINING) or self.text in _LINKING or self.text.isdigit()

    @property
    def places(self) -> bool:
        return "place" in self.roles

    @property
    def of_text(self) -> bool:
        """Whether it is said of what is written."""
        return self.text in _OF_TEXT and not self.shown


def read(text: str, shown: str) -> list[Word]:
    """What is said of a picture of `shown`; phrases that the illustrator knows are one word."""
    drawn = {_stem(word) for word in split(shown)}
    known = vocabulary()
    words = split(text)
    found: list[Word] = []
    at = 0
    while at < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
            phrase = " ".join(words[at : at + length])
            roles = known.get(phrase)
            if roles is not None or length == 1:
                break
        word = Word(phrase, roles or _acted(phrase))
        there = not word.joins and _stem(phrase) in drawn
        found.append(replace(word, shown=True) if there else word)
        at += length
    return found


def _acted(word: str) -> frozenset[str]:
    """The roles of a verb that is known with -ing: "smile", "sleeps"."""
    for form in gerunds(word.removesuffix("s")):
        if roles := vocabulary().get(form, frozenset()) & {"trait", "verb"}:
            return roles
    return frozenset()


def split(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return _LETTERS.findall(text.lower().replace("\u2019", "'"))


def _stem(word: str) -> str:
    """One of many: good enough to see that both name the same thing."""
    return word.removesuffix("s")
