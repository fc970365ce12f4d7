"""What words say about pictures: that one is wanted, that the one before is to be changed.

Models without tools need it. The text is read twice: by its form, which is cheap and turns away
nearly all that is said, and then word by word with what the built-in illustrator has words for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from conversations.picture_forms import LONGEST, NAMED, form_of, without_asides
from conversations.picture_terms import Word, read, split, word_set


class Standing(Enum):
    """How surely what is said now may be said of the last picture."""

    APART = auto()
    """Something was written since: only words that name the picture are about it."""
    NEAR = auto()
    """There was talk of other things since: only words that fit nothing else are about it."""
    NEXT = auto()
    """Nothing was said since, or only how good it looks."""


# --- a new picture

_POLITE = (
    r"(?:(?:please|now|hey|hi|ok|okay|so)[,!]?\s+)*"
    r"(?:(?:can|could|would|will)\s+you\s+)?(?:please\s+)?"
)
_DRAW = re.compile(
    _POLITE + r"(?:(?:draw|paint|sketch|illustrate)\s+(?:(?:me|us)\s+)?(?!up\b|out\b|from\b|on\b)"
    r"|(?:draw|paint|sketch|make|create|generate|show)\s+(?:me\s+|us\s+)?(?:a|an|another|the)\s+"
    r"(?:picture|image|painting|drawing|illustration|sketch)\s+(?:of|with|showing|that shows)\s+)",
    re.IGNORECASE,
)
# What is drawn with words alone, or with numbers; and "it", which is something said before.
_NO_PICTURE = re.compile(
    r"(?:(?:a|an|the|some|any|your|my)\s+)?(?:(?!(?:and|at|beside|by|in|of|on|under|with)\b)\w+\s+)"
    r"{0,2}(?:conclusions?|comparisons?|parallels?|distinctions?|inferences?|attention|lessons?|"
    r"analog(?:y|ies)|blanks?|lots?(?! of)|boundary|boundaries|salary|breath|concepts?|ideas?|"
    r"notions?|principles?|theor(?:y|em)s?|meaning|differences?|relationships?|(?:flow)?charts?|"
    r"graphs?|plots?|diagrams?|histograms?|timelines?|functions?|equations?|algorithms?|"
    r"tables? (?:of|with|for))\b|(?:how|why|when|whether|it|them)\b",
    re.IGNORECASE,
)


def to_draw(text: str) -> str:
    """What these words say is to be drawn, "" where they say nothing of the kind."""
    drawn = _DRAW.match(text)
    words = text[drawn.end() :].strip().rstrip("?").strip() if drawn else ""
    unclear = not words.strip(" !.") or _NO_PICTURE.match(words) or _again(text)
    return "" if unclear else words


# --- the last picture once more

_SIMILAR = (
    r"(?:(?:like|similar to|of)\s+(?:this|that|it|them|the (?:last|first) one)|of (?:these|those))"
)
_OTHER = (
    r"(?:(?:another|one more|a (?:second|different|new|further)|yet another)"
    r"(?:\s+(?:one|time|version|variation|variant|try|picture|image|drawing|painting))?)"
)
_DRAWING = r"(?:draw|paint|sketch|redraw|repaint|make|create|generate|show|give|do|try)"
_AGAIN = re.compile(
    rf"(?:(?:{_DRAWING}\s+)?(?:me\s+|us\s+)?(?:(?:it|this|that)\s+)?"
    rf"(?:{_OTHER}|(?:once\s+)?again|once more)|(?:redraw|repaint)(?:\s+(?:it|this|that))?)"
    rf"(?:\s+{_SIMILAR})?"
)
_DRAWN_AGAIN = re.compile(r"(?:re)?(?:draw|paint|sketch)\b|.*\b(?:picture|drawing|painting)$")


def once_more(text: str, standing: Standing) -> bool:
    """Whether the words want the picture before anew, with nothing said to be different."""
    said = _again(text)
    return bool(said) and (standing is Standing.NEXT or _DRAWN_AGAIN.match(said) is not None)


def _again(text: str) -> str:
    """The words that want a picture anew; "" where these do not."""
    if len(text) > LONGEST:
        return ""
    plain = re.sub(r",?\s+(?:please|thanks|for me|now|then)$", "", without_asides(text))
    return plain if _AGAIN.fullmatch(plain) else ""


# --- the last picture changed

_PICTURE = re.compile(NAMED)
_TABLE = re.compile(r"\b(?:in|as|into|to) (?:a|the) table$")
_COMPARED = re.compile(
    r"(?:(?:be|look|much|a|bit|little|even|way|far|slightly|more|less|so|very|really)\s+)*"
    r"(?:\w+er|(?:more|less)\s+\w+)"
)

_CLAUSE = word_set("""
    what where when who whom whose why how which that is are was were am do does did i we you he she
    they right
""")


def may_change(text: str) -> bool:
    """Whether the form is one in which a picture is changed, or asked for once more.

    Nearly all that people say has another one; nothing else is looked at, and so this is quick.
    """
    return form_of(text) is not None or bool(_again(text))


def changes(text: str, shown: str, standing: Standing) -> bool:
    """Whether these words change a picture of `shown`, the words that it was drawn from."""
    form = form_of(text)
    if form is None or (standing is Standing.APART and not _PICTURE.search(text.lower())):
        return False
    name, rest = form
    said = _said(rest, shown)
    if said.owned or any(word.of_text for word in said.words) or _TABLE.search(rest):
        return False
    if standing is Standing.NEXT:
        return _NEXT[name](said)
    decisive = _NEAR.get(name)
    return decisive is not None and bool(said.told) and not said.unknown and decisive(said)


@dataclass(frozen=True, slots=True)
class _Said:
    """What is said to be different.

    `told` are the words that a picture can show, `unknown` counts those that are nothing to it and
    are no mere joints. `head` is the first that is none, most often what is to be changed.
    """

    words: tuple[Word, ...]
    told: tuple[Word, ...]
    unknown: int
    head: Word | None

    @property
    def there(self) -> bool:
        """Whether what is to be changed is something that the picture was drawn from."""
        return self.head is not None and self.head.shown

    @property
    def seen(self) -> bool:
        """Whether what is to be changed is something to be seen in pictures."""
        return self.head is not None and self.head.tells

    @property
    def clause(self) -> bool:
        """Whether it is a sentence of its own."""
        return any(word.text in _CLAUSE for word in self.words)

    @property
    def owned(self) -> bool:
        """Whether it is about what somebody has, and not about the picture."""
        return any(word.text in {"my", "our", "your"} for word in self.words)

    @property
    def placed(self) -> bool:
        """Whether it says where in the picture."""
        return any(word.places for word in self.words)

    @property
    def more(self) -> tuple[Word, ...]:
        """What a picture can show besides."""
        return tuple(word for word in self.told if word is not self.head)


def _said(text: str, shown: str) -> _Said:
    words = tuple(read(text, shown))
    told = tuple(word for word in words if word.tells)
    others = [word for word in words if not (word.tells or word.joins)]
    head = next((word for word in words if word.tells or word in others), None)
    return _Said(words, told, len(others), head)


def _whole_changes(said: _Said) -> bool:
    compared = _COMPARED.fullmatch(" ".join(word.text for word in said.words)) is not None
    return (bool(said.told) and len(said.told) >= said.unknown) or (compared and said.unknown < 2)


def _thing_changes(said: _Said) -> bool:
    if said.unknown and not said.there:
        return said.seen and len(said.told) > said.unknown
    scenic = said.head is not None and said.head.scenic
    return said.seen and bool(said.more or said.unknown or said.placed or scenic)


def _thing_becomes(said: _Said) -> bool:
    if said.there:
        return bool(said.more) or said.placed
    return len(said.told) > 1 and all(word.decided for word in said.told[:2])


_NEXT: dict[str, Callable[[_Said], bool]] = {
    "whole": _whole_changes,
    "thing": _thing_changes,
    "drawn": lambda said: said.there and bool(said.more),
    "plain": lambda said: said.there and bool(said.more),
    "zoom": lambda _: True,
    "add": lambda said: said.seen and len(said.told) > said.unknown,
    "remove": lambda said: said.seen and len(said.told) > said.unknown,
    "replace": lambda said: said.seen and len(said.told) > said.unknown,
    "hide": lambda said: said.there,
    "use": lambda said: not said.unknown and any(word.scenic for word in said.words),
    "style": lambda said: (
        not said.unknown and not said.clause and any(word.styled for word in said.words)
    ),
    "stated": lambda said: said.seen and bool(said.more) and (said.there or not said.unknown),
    "scene": lambda said: all(word.scenic or word.joins for word in said.words) and not said.clause,
    "wanted": lambda said: not said.unknown and bool(said.told) and said.told[0].decided,
    "bare": lambda said: bool(said.told) and not said.unknown and not said.clause,
}
"""Right after a picture, by the form: most of it must be something to be seen in pictures."""
_NEAR: dict[str, Callable[[_Said], bool]] = {
    "whole": lambda said: any(word.decided for word in said.told),
    "thing": _thing_becomes,
    "drawn": lambda said: said.there and any(word.decided for word in said.more),
    "plain": lambda said: said.there and any(word.decided for word in said.more),
    "stated": lambda said: said.there and any(word.decided for word in said.more),
    "add": lambda said: said.told[0].decided,
    "remove": lambda said: said.told[0].decided,
    "replace": lambda said: said.there,
}
"""After other talk: all must be that, and said of nothing else or of what is in the picture."""


# --- what was said since the picture

_PRAISE = word_set("""
    a absolutely again all amazing and awesome bad beautiful brilliant cool cute done drawing
    excellent fantastic fine fun good gorgeous great ha haha hm hmm how i image is it it's its job
    like lol looks lot love lovely much nice nicely not oh ok okay one perfect picture pretty really
    so super sweet thank thanks that that's the this very well what wonderful work wow yay yeah yes
    yep you your
""")
_LONGEST_PRAISE = 60
_WRITTEN = re.compile(
    r"\b(?:write|compose|rewrite|translate|summari[sz]e|draft|poems?|stor(?:y|ies)|jokes?|recipes?"
    r"|essays?|letters?|e-?mails?|songs?|lyrics|haikus?|limericks?|code|python|javascript|html|sql"
    r"|functions?|scripts?|programs?|lists?|tables?|plans?|articles?|paragraphs?|sentences?"
    r"|speech|tales?|rhymes?|summary|outline|tweets?|captions?)\b|```",
    re.IGNORECASE,
)


def standing(shown: str, since: Sequence[str]) -> Standing:
    """How a picture of `shown` stands to what is said now, by what was said in between."""
    if any(_WRITTEN.search(text) for text in since):
        return Standing.APART
    praise = _PRAISE | set(split(shown))
    if all(len(text) <= _LONGEST_PRAISE and praise.issuperset(split(text)) for text in since):
        return Standing.NEXT
    return Standing.NEAR
