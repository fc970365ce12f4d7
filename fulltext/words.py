"""What is a word, in texts and in what people search for; the same on every database.

Words are runs of letters and digits without accents and in one case. Scripts that put no spaces
between words count by characters: a word of theirs is then a phrase of its characters, and is found
within any text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

MAX_QUERY = 500
"""Characters of what somebody searches for that are read."""
MAX_PHRASES = 12
MAX_WORD = 60
"""Characters of a word that count; PostgreSQL takes 2046 bytes."""

# Thai, Lao, Burmese, Khmer, kana and Chinese characters.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003134f"
)
# Accents written as characters of their own, points of Hebrew and Arabic, vowels of Indic scripts.
_MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}](?:[^\W_{_UNSPACED}]|[{_MARKS}])*")
_QUOTES = str.maketrans("“”„«»", '"""""')


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for: each phrase, a row of words, has to be there.

    With `unfinished` the last word of the last phrase may go on. A query without phrases finds
    nothing.
    """

    phrases: tuple[tuple[str, ...], ...] = ()
    unfinished: bool = False


def parse(text: str) -> Query:
    """What somebody means who has typed this; no text is wrong.

    Words in quotation marks are a phrase, and so is what is written together: "don't", "3.14".
    """
    parts = text[:MAX_QUERY].translate(_QUOTES).split('"')
    chunks: list[str] = []
    for number, part in enumerate(parts):
        # Every second part is within quotation marks; the last of them may not be closed yet.
        chunks.extend([part] if number % 2 else part.split())
    phrases = [phrase for chunk in chunks if (phrase := tuple(words(chunk)))][:MAX_PHRASES]
    closed = len(parts) % 2 == 1 and not parts[-1].strip()
    return Query(tuple(phrases), unfinished=bool(phrases) and not closed)


def words(text: str) -> list[str]:
    """The words of a text in their order."""
    return [word for _, _, word in _spans(text)]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an excerpt; `marked` where it is what was searched for."""

    text: str
    marked: bool = False


def excerpt(text: str, query: Query, *, before: int = 60, length: int = 240) -> tuple[Piece, ...]:
    """About `length` characters around the first place where something of the query stands.

    Reads no further than it has to. Without such a place it is the text's beginning.
    """
    marks: list[tuple[int, int]] = []
    seen: list[tuple[int, int, str]] = []
    start, end = 0, length
    for span in _spans(text):
        if marks and span[0] >= end:
            break
        seen.append(span)
        if (begun := _matched(seen, query)) is None:
            continue
        if not marks:
            start = _word_after(text, begun - before) if begun > before else 0
            end = start + length
        if not marks or begun >= marks[-1][1]:
            marks.append((begun, span[1]))
    end = max(end, marks[0][1]) if marks else end
    return tuple(_pieces(text, start, end, marks))


def _matched(seen: list[tuple[int, int, str]], query: Query) -> int | None:
    """Where a phrase of the query begins that ends with the last word seen; the longest one."""
    begun = None
    for number, phrase in enumerate(query.phrases):
        if len(phrase) > len(seen):
            continue
        *first, (_, _, last) = seen[-len(phrase) :]
        goes_on = query.unfinished and number == len(query.phrases) - 1
        ends = last.startswith(phrase[-1]) if goes_on else last == phrase[-1]
        if ends and [word for _, _, word in first] == list(phrase[:-1]):
            place = seen[-len(phrase)][0]
            begun = place if begun is None else min(begun, place)
    return begun


def _pieces(text: str, start: int, end: int, marks: list[tuple[int, int]]) -> Iterator[Piece]:
    end = min(end, len(text))
    if start:
        yield Piece("… ")
    for first, last in marks:
        if first >= end:
            break
        if plain := text[start:first]:
            yield Piece(_plain(plain))
        yield Piece(_plain(text[first:last]), marked=True)
        start = last
    if plain := text[start:end]:
        yield Piece(_plain(plain))
    if max(start, end) < len(text):
        yield Piece(" …")


def _word_after(text: str, place: int) -> int:
    """Where the first word begins after that place, if one does nearby."""
    found = re.compile(r"\s\S").search(text, place, place + 20)
    return found.start() + 1 if found else place


def _plain(text: str) -> str:
    """On one line, without the stars and ticks of Markdown."""
    return re.sub(r"\s+", " ", re.sub(r"\*\*|`+", "", text))


def _spans(text: str) -> Iterator[tuple[int, int, str]]:
    for found in _WORD.finditer(text):
        if word := _folded(found.group()):
            yield found.start(), found.end(), word


def _folded(word: str) -> str:
    if word.isascii():
        return word.lower()[:MAX_WORD]
    plain = unicodedata.normalize("NFKD", word).casefold()
    return "".join(c for c in plain if not unicodedata.combining(c))[:MAX_WORD]
