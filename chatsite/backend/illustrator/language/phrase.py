"""One noun phrase: "three very small red and white striped boats", up to and with its noun."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chatsite.backend.illustrator import colors
from chatsite.backend.illustrator.language.lexer import Token
from chatsite.backend.illustrator.language.lexicon import SCENE_ROLES, Reading, lexicon

SCENE = frozenset(SCENE_ROLES.values())
NOUNS = ("kind", "part", "setting")
_ADJECTIVES = ("color", "tone", "size", "trait", "parted", "lacking", *sorted(SCENE))
# How many adjectives a noun can have.
_FARTHEST = 12
# Tones that say something without a colour, too.
_SHADES = frozenset({"pale", "bright", "dark", "dull", "faded", "dusty"})
_COLORED = frozenset({"color", "colour", "colored", "coloured", "tone", "tones"})


class Cursor:
    """Where the reading of the tokens has come to."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self.at = 0

    def peek(self, ahead: int = 0) -> Token | None:
        """The token that many places further, or None beyond the end."""
        at = self.at + ahead
        return self._tokens[at] if at < len(self._tokens) else None

    def take(self) -> Token:
        """The token here; the cursor moves past it. IndexError at the end."""
        token = self._tokens[self.at]
        self.at += 1
        return token

    def is_next(self, *roles: str, ahead: int = 0) -> bool:
        """Whether the token there can have one of these roles."""
        token = self.peek(ahead)
        return token is not None and token.get(*roles) is not None

    def noun_follows(self, ahead: int) -> bool:
        """Whether a noun comes with nothing but adjectives before it."""
        last = ahead + _FARTHEST
        while ahead < last and (token := self.peek(ahead)) is not None:
            if token.get(*NOUNS, "families", "bodies"):
                return True
            if token.get("joins") and self.is_next("color", "tone", "size", ahead=ahead + 1):
                ahead += 1
            elif token.readings and not (token.get(*_ADJECTIVES, "number") or _adverb(token)):
                return False
            ahead += 1
        return False


@dataclass(slots=True)
class Phrase:
    """What a noun phrase says.

    `colors` are pairs of value and name. `tone` changes the thing's own colour.
    `sized` is the word for its size. `modifiers` are
    the nouns before the noun ("kitchen table"). `gap` marks a phrase whose noun comes in the
    next one ("a red and a blue car"). `scene` says something about the whole picture.
    """

    noun: Token | None = None
    number: int | None = None
    colors: list[tuple[str, str]] = field(default_factory=list)
    tone: str | None = None
    size: float = 1.0
    sized: str = ""
    traits: list[Token] = field(default_factory=list)
    parts: list[tuple[str, tuple[str, str] | None]] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    modifiers: list[Token] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    scene: list[Reading] = field(default_factory=list)
    article: str | None = None
    owner: bool = False
    gap: bool = False

    @property
    def described(self) -> bool:
        """Whether it says anything but its article."""
        return bool(
            self.number is not None
            or self.colors
            or self.tone
            or self.size != 1
            or self.traits
            or self.parts
            or self.unknown
            or self.modifiers
        )

    @property
    def color(self) -> tuple[str, str] | None:
        """Its first colour."""
        return self.colors[0] if self.colors else None


def read_phrase(cursor: Cursor) -> Phrase:
    """The noun phrase at the cursor, which moves past it; nothing is taken where none begins."""
    phrase = Phrase()
    while (token := cursor.peek()) is not None and phrase.noun is None:
        if token.get("images") and cursor.is_next("of", ahead=1):
            phrase.scene += [r for r in token.readings if r.role in SCENE]
            cursor.take()
        elif _is_noun(token, cursor):
            _take_noun(phrase, cursor)
            continue
        elif token.get("joins", "breaks"):
            if not _goes_on(phrase, cursor):
                break
        elif not (_determine(phrase, token, cursor) or _describe(phrase, token, cursor)):
            break
        cursor.take()
    return phrase


def _determine(phrase: Phrase, token: Token, cursor: Cursor) -> bool:
    """Notes an article, a number or a word that nobody knows; False where it is none."""
    number = token.get("number")
    if token.get("articles"):
        # "One of the cats" is one cat, "a couple of the cats" are two.
        before = cursor.peek(-1)
        counted = before is not None and before.text.endswith("of")
        if phrase.described and not counted:
            return False
        phrase.article = token.text
        phrase.owner = token.get("owners") is not None
    elif number is not None and phrase.number is None:
        phrase.number = int(number.value)
    elif token.get("of") and phrase.number is not None and not phrase.traits:
        pass
    elif not token.readings and (not phrase.unknown or cursor.noun_follows(1)):
        phrase.unknown.append(token.text)
    else:
        return False
    return True


def _is_noun(token: Token, cursor: Cursor) -> bool:
    if token.get("families", "bodies") and not token.get("trait", "size", "verb"):
        return True
    if not token.get(*NOUNS):
        return False
    if token.get(*_ADJECTIVES) or token.get("tone"):
        return not cursor.noun_follows(1)
    return True


def _take_noun(phrase: Phrase, cursor: Cursor) -> None:
    """Takes a noun; one that stands right before another only tells more about that."""
    token = cursor.take()
    following = cursor.peek()
    thing = token.get("kind")
    compound = (
        following is not None
        and following.get(*NOUNS) is not None
        and following.get("verb", "trait", "relation", "place") is None
        and not _adverbial(following)
        and (thing is None or not thing.plural or following.get("setting") is not None)
    )
    if compound:
        phrase.modifiers.append(token)
        return
    phrase.noun = token
    if thing is not None and following is not None and following.get("young"):
        # "A tiger cub."
        phrase.traits.append(Token(following.text, lexicon().single("baby")))
        cursor.take()


def _goes_on(phrase: Phrase, cursor: Cursor) -> bool:
    """Whether "and" or a comma joins adjectives here, and not things; notes a gap."""
    if not phrase.described or phrase.unknown:
        return False
    comma = cursor.is_next("breaks")
    if comma and not cursor.is_next("comma"):
        return False
    ahead = 2 if comma and cursor.is_next("joins", ahead=1) else 1
    if cursor.is_next("articles", "number", ahead=ahead):
        phrase.gap = phrase.article is not None or phrase.number is not None
        return False
    return cursor.is_next("color", "tone", "size", "trait", ahead=ahead) and cursor.noun_follows(
        ahead
    )


def _describe(phrase: Phrase, token: Token, cursor: Cursor) -> bool:
    """Notes an adjective in the phrase; False where it is none."""
    noun_follows = cursor.noun_follows(1)
    shade = cursor.is_next("color", ahead=1) or (token.text in _SHADES and noun_follows)
    if (color := token.get("color")) is not None:
        phrase.colors.append(_toned(color.value, phrase.tone))
        phrase.tone = None
    elif token.get("tone") and shade:
        phrase.tone = token.text
    elif (size := token.get("size")) is not None:
        phrase.size *= float(size.value)
        phrase.sized = token.text
    elif (part := token.get("parted")) is not None:
        phrase.parts.append((part.value, phrase.colors.pop() if phrase.colors else None))
    elif (part := token.get("lacking")) is not None:
        phrase.lacking.append(part.value)
    elif noun_follows and (token.get("trait") or (token.get("verb") and _pose(token))):
        phrase.traits.append(token)
    elif noun_follows and (scene := token.get(*SCENE)) is not None:
        phrase.scene.append(scene)
    elif not token.get("silent") or not (
        (noun_follows and (phrase.described or phrase.article))
        or (phrase.colors and _adverb(token))
    ):
        return False
    return True


def _pose(token: Token) -> str:
    verb = token.get("verb")
    return lexicon().verbs[verb.value].pose if verb is not None else ""


def _toned(name: str, tone: str | None) -> tuple[str, str]:
    value = colors.named()[name]
    if tone is None:
        return value, name
    return colors.toned(value, *lexicon().tones[tone]), f"{tone} {name}"


def _adverbial(token: Token) -> bool:
    """Whether it is a place with its preposition: "under the sea", "on the moon"."""
    return any(r.role == "relation" for r in lexicon().single(token.text.split()[0]))


def _adverb(token: Token) -> bool:
    return token.text in _COLORED or token.text in {
        "very",
        "really",
        "quite",
        "rather",
        "so",
        "beautiful",
        "pretty",
    }
