"""An instruction taken apart: one clause for each thing to do, with its command."""

from __future__ import annotations

import re
from functools import cache

from chatsite.backend.illustrator.language.lexer import tokens
from chatsite.backend.illustrator.language.lexicon import lexicon
from chatsite.backend.illustrator.language.phrase import Cursor, read_phrase

_SHALL = re.compile(r"(the (?:\w+ ){1,3})(?:should|could|must) be (.+)")
INSTEAD = re.compile(r"(.+?)\s+(?:instead of|rather than)\s+(.+)")
_POLITE = re.compile(
    r"(?:please|now|ok|okay|and|but|then|maybe|just|also|can you|could you|would you|will you"
    r"|let's|let us|i want you to|i would like you to|i'd like you to|what about|how about"
    r"|i want it(?: to be)?|i'd like it(?: to be)?|i would like it(?: to be)?"
    r"|(?:keep )?(?:the )?same(?: picture| scene| image)?,? but|try|use|it needs|it could use"
    r"|(?:no|yes|nice|great|cool|perfect|lovely|thanks|thank you)(?=[,.!]))\b[,.!]*\s+"
)


def clauses(instruction: str) -> list[tuple[str, str]]:
    """The instruction as pairs of a command ("say" where none is named) and what it is about."""
    text = " ".join(instruction.lower().replace("\u2019", "'").split()).strip(" .!?")
    while (polite := _POLITE.match(text)) is not None:
        text = text[polite.end() :]
    text = re.sub(r"\s+(?:please|instead|again)$", "", text)
    found: list[tuple[str, str]] = []
    for piece in _starts().split(text):
        clause = _SHALL.sub(r"make \1\2", piece.strip(" ,.;!?"))
        match = _command().match(clause)
        if not clause or clause in {"and", "then", "also", "but"}:
            continue
        if match is None:
            found.append(("say", clause))
        else:
            found.append((_names()[match[1]], clause[match.end() :].strip()))
    return [(_meant(command, clause), clause) for command, clause in found]


def _meant(command: str, clause: str) -> str:
    """The command after a look at what it is about."""
    if command == "say" and INSTEAD.match(clause):
        return "replace"
    if command == "say" and any(t.get("comparative", "shade") for t in tokens(clause)):
        return "change"
    if command == "change" and re.search(r"\bcolou?r\b", clause):
        return command
    if command == "change" and (match := re.search(r"\b(?:into|to)\b(.+)", clause)):
        phrase = read_phrase(Cursor(tokens(match[1])))
        things = phrase.noun is not None and phrase.noun.get("kind") is not None
        return "replace" if things and not _is_style(match[1]) else command
    return command


def _is_style(text: str) -> bool:
    return any(token.get("style") for token in tokens(text))


@cache
def _names() -> dict[str, str]:
    return {word: name for name, words in lexicon().commands.items() for word in words}


@cache
def _command() -> re.Pattern[str]:
    words = sorted(_names(), key=len, reverse=True)
    return re.compile(rf"({'|'.join(map(re.escape, words))})\b")


@cache
def _starts() -> re.Pattern[str]:
    """Where a new clause begins: after "and" or a comma, at the next command."""
    words = sorted(_names(), key=len, reverse=True)
    command = "|".join(map(re.escape, words))
    return re.compile(
        rf"(?:\s*[,;.]\s*(?:and |then |also |but )*"
        rf"|\s+(?:and|then|also|but)\s+(?:then |also )?)"
        rf"(?=(?:{command}|as|in the style of)\b)|\s*[.;]\s+|,?\s+then\s+"
    )
