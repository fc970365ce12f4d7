"""The checks that an answer may be held to: a closed set, which `prompts.toml` describes."""

from __future__ import annotations

import ast
import json
import re
import unicodedata
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

_QUOTES = {ord(mark): "'" for mark in "\u2018\u2019\u201a"} | {
    ord(mark): '"' for mark in "\u201c\u201d\u201e"
}
_LIST_ITEM = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+(\S.*)$", re.MULTILINE)
_LIST_MARK = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+", re.MULTILINE)
_SENTENCE = re.compile(r"\S.*?(?:[.!?]+[\"')\]*_]*(?=\s|$)|$)", re.MULTILINE)
_FENCED = re.compile(r"^\s*```[^\n]*\n(.*?)^\s*```\s*$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:,\d{3})*(?:\.\d+)?|\d+(?:,\d{3})*(?:\.\d+)?")
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
# Frequent words that hardly occur in the other languages.
_COMMON = {
    "de": "der die das und ist nicht ich ein eine es zu mit sie wie geht mir auch dir danke gut",
    "en": "the and is are of you it that what this with have your i'm can how thank my be",
    "es": "el los y es soy una que por con estoy me muy mi llamo como gracias puedo buenos bien",
    "fr": "le les et est je suis une que vous pour bien merci mon pas comment tu ca va bonjour",
    "it": "il gli e sono una che per con come sto mi bene grazie posso ciao della questo molto",
}


@dataclass(frozen=True, slots=True)
class Check:
    """One demand on an answer: a kind of KINDS, and its value in the form that the kind takes."""

    kind: str
    value: Any

    def passes(self, answer: str) -> bool:
        """Whether the answer meets the demand."""
        return KINDS[self.kind].test(answer, self.value)


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of check judges, and which form its value has.

    `length` tells the kinds that ask for a number of words, sentences, lines or items.
    """

    test: Callable[[str, Any], bool]
    value: Literal["phrases", "regex", "count", "word", "flag"]
    length: bool = False


def fold(text: str) -> str:
    """Lower case, without accents, with plain quotation marks and single spaces."""
    plain = unicodedata.normalize("NFKD", text.translate(_QUOTES))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).lower().split())


def words(text: str) -> list[str]:
    """The words of a text, folded; a word has a letter or a digit and may have ' and - inside."""
    return re.findall(r"[^\W_]+(?:['-][^\W_]+)*", fold(text))


def sentences(text: str) -> list[str]:
    """The sentences of a text. A line break ends one too, and the mark of a list item is none."""
    plain = _LIST_MARK.sub("", text.translate(_QUOTES))
    return [part for part in _SENTENCE.findall(plain) if re.search(r"[^\W_]", part)]


def lines(text: str) -> list[str]:
    """The lines that are not blank."""
    return [line for line in text.splitlines() if line.strip()]


def list_items(text: str) -> list[str]:
    """The items of the Markdown lists in a text, outside blocks of code."""
    return _LIST_ITEM.findall(_FENCED.sub("", text))


def named(text: str) -> list[str]:
    """What a text names: its list items, else its short lines, else what stands between commas."""
    if items := list_items(text):
        return items
    rows = lines(text)
    if len(rows) > 1 and rows[0].rstrip().endswith(":"):
        rows = rows[1:]
    if len(rows) > 1 and all(len(words(row)) <= 5 and "," not in row for row in rows):
        return rows
    parts = [part for row in rows for part in re.split(r"(?<=[.!?:])\s+", row)]
    fullest = max(parts, key=lambda part: (part.count(","), part.count(" and ")), default="")
    return [item for item in re.split(r",|;|\band\b|\bor\b", fullest) if words(item)]


def code_blocks(text: str) -> list[str]:
    """What stands in fenced blocks, or all of the text where there are none."""
    return _FENCED.findall(text + "\n") or [text]


def tables(text: str) -> list[int]:
    """The number of rows below the head of each Markdown table."""
    counts: list[int] = []
    inside = False
    previous = ""
    for line in text.splitlines():
        if "|" in previous and "|" in line and _TABLE_RULE.match(line):
            counts.append(0)
            inside = True
        elif inside and "|" in line:
            counts[-1] += 1
        else:
            inside = False
        previous = line
    return counts


def spelled(number: int) -> str:
    """A number from 0 to 99 in words."""
    units, tens = _UNITS.split(), _TENS.split()
    if number < 20:
        return units[number]
    ten, unit = tens[number // 10 - 2], number % 10
    return f"{ten}-{units[unit]}" if unit else ten


def _has(text: str, phrase: str) -> bool:
    wanted = fold(phrase)
    start = r"(?<!\w)" if wanted[:1].isalnum() else ""
    end = r"(?!\w)" if wanted[-1:].isalnum() else ""
    return re.search(start + re.escape(wanted) + end, fold(text)) is not None


def _any(answer: str, phrases: Sequence[str]) -> bool:
    return any(_has(answer, phrase) for phrase in phrases)


def _all(answer: str, phrases: Sequence[str]) -> bool:
    return all(_has(answer, phrase) for phrase in phrases)


def _equals(answer: str, phrases: Sequence[str]) -> bool:
    return words(answer) in [words(phrase) for phrase in phrases]


def _match(answer: str, patterns: Sequence[re.Pattern[str]]) -> bool:
    plain = answer.strip().translate(_QUOTES)
    return all(pattern.search(plain) for pattern in patterns)


def _number(answer: str, value: int) -> bool:
    found = _NUMBER.findall(answer)
    if not found and 0 <= value < 100:
        return _has(answer.replace("-", " "), spelled(value).replace("-", " "))
    return bool(found) and float(found[-1].replace(",", "")) == value


def _items(answer: str, count: int) -> bool:
    items = [" ".join(words(item)) for item in named(answer)]
    return len(items) == count == len(set(items))


def _among(answer: str, phrases: Sequence[str]) -> bool:
    items = named(answer)
    # "Two apples" and "apples" are apples too.
    forms = [form for phrase in phrases for form in (phrase, f"{phrase}s", f"{phrase}es")]
    return bool(items) and all(_any(item, forms) for item in items)


def _json(answer: str, _: bool) -> bool:
    blocks = code_blocks(answer.strip())
    if len(blocks) != 1 or _FENCED.sub("", answer.strip() + "\n").strip() not in {"", blocks[0]}:
        return False
    try:
        json.loads(blocks[0])
    except ValueError:
        return False
    return True


def _python(answer: str, patterns: Sequence[re.Pattern[str]]) -> bool:
    return any(
        _compiles(block) and all(pattern.search(block) for pattern in patterns)
        for block in code_blocks(answer)
    )


def _compiles(code: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _language(answer: str, code: str) -> bool:
    found = words(answer)
    hits = {name: sum(word in common.split() for word in found) for name, common in _COMMON.items()}
    return hits[code] > 0 and all(hits[code] > n for name, n in hits.items() if name != code)


KINDS: dict[str, Kind] = {
    "any": Kind(_any, "phrases"),
    "all": Kind(_all, "phrases"),
    "none": Kind(lambda answer, phrases: not _any(answer, phrases), "phrases"),
    "equals": Kind(_equals, "phrases"),
    "match": Kind(_match, "regex"),
    "number": Kind(_number, "count"),
    "items": Kind(_items, "count", length=True),
    "among": Kind(_among, "phrases"),
    "bullets": Kind(lambda answer, n: len(list_items(answer)) == n, "count", length=True),
    "table": Kind(lambda answer, n: tables(answer) == [n], "count"),
    "json": Kind(_json, "flag"),
    "python": Kind(_python, "regex"),
    "language": Kind(_language, "word"),
    "lines": Kind(lambda answer, n: len(lines(answer)) == n, "count", length=True),
    "min_lines": Kind(lambda answer, n: len(lines(answer)) >= n, "count", length=True),
    "sentences": Kind(lambda answer, n: len(sentences(answer)) == n, "count", length=True),
    "max_sentences": Kind(lambda answer, n: 1 <= len(sentences(answer)) <= n, "count", length=True),
    "min_words": Kind(lambda answer, n: len(words(answer)) >= n, "count", length=True),
    "max_words": Kind(lambda answer, n: 1 <= len(words(answer)) <= n, "count", length=True),
}
