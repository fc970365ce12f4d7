"""The adjectives of a change: "make the fox bigger and blue, and the house red"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from chatsite.backend.illustrator import colors
from chatsite.backend.illustrator.catalogue import kinds
from chatsite.backend.illustrator.language.lexer import Token, gerunds
from chatsite.backend.illustrator.language.lexicon import lexicon
from chatsite.backend.illustrator.language.phrase import SCENE, Cursor, Phrase, read_phrase
from chatsite.backend.illustrator.language.sketch import Draft, Sketch, shade

# Words for the picture itself, so that "make it bigger" is about what it shows first.
_WHOLE = frozenset({"it", "this", "itself"})
_ALL = frozenset({"everything", "them", "all"})


@dataclass(slots=True)
class Changes:
    """Reads what some things shall become, and changes them in the sketch.

    `focus` are the things named last; `part` one of their parts, if that was named.
    `fresh` is set until a colour was given, `scenery` while it is sky or land that changes,
    `listing` while only names have come ("the cat and the fox white").
    """

    sketch: Sketch
    cursor: Cursor
    focus: list[Draft] = field(default_factory=list)
    part: str | None = None
    fresh: bool = True
    scenery: bool = False
    listing: bool = False

    def run(self) -> None:
        """Reads every token; what changes nothing is named in the sketch's `ignored`."""
        while (token := self.cursor.peek()) is not None:
            if not (self._name(token) or self._adjective(token)):
                if not token.readings or token.get("kind"):
                    self.sketch.ignore(token.text)
                self.cursor.take()

    def _name(self, token: Token) -> bool:
        """A thing or a part that is to change."""
        if token.text in _WHOLE:
            self.cursor.take()
            self.focus, self.part, self.fresh, self.scenery = [], None, True, False
            return True
        if token.text in _ALL:
            self.cursor.take()
            self.focus, self.part, self.fresh = list(self.sketch.drafts), None, True
            return True
        if token.get("trait") and not token.get("articles") and self.focus:
            return False
        begins = token.get("articles", "number") or token.get("kind", "part")
        if not (begins or self.cursor.noun_follows(0)):
            return False
        before = self.cursor.at
        phrase = read_phrase(self.cursor)
        if phrase.noun is None or not self._named(phrase):
            self.cursor.at = before
            return False
        return True

    def _named(self, phrase: Phrase) -> bool:
        noun = phrase.noun
        if noun is None:
            return False
        part, thing = noun.get("part"), noun.get("kind")
        found = find(self.sketch.drafts, phrase)
        if not found and phrase.modifiers:
            # "The cat fly": a verb in its plain form, taken for a noun.
            phrase.noun = thing_named = phrase.modifiers[0]
            found, thing = find(self.sketch.drafts, phrase), thing_named.get("kind")
            self.cursor.at -= bool(found)
        if self.cursor.is_next("possessive"):
            self.cursor.take()
        if thing is not None and found:
            self.focus, self.part = [*(self.focus if self.listing else ()), *found], None
        elif part is not None and (whole := self._whole(part.value)):
            self.focus, self.part = whole, part.value
            if self.cursor.is_next("of"):
                self.cursor.take()
            if phrase.color is not None:
                whole[0].add_part(part.value, phrase.color, ())
        elif (setting := noun.get("setting")) is not None:
            self.focus, self.part = [], None
            self.scenery = self.cursor.is_next("color", "tone", "shade", "trait")
            if not self.scenery:
                self.sketch.settle(setting.value)
            return True
        else:
            return False
        self.fresh, self.scenery, self.listing = True, False, True
        if thing is not None and phrase.number is not None and phrase.article != "the":
            for draft in self.focus:
                draft.count = phrase.number
        return True

    def _whole(self, part: str) -> list[Draft]:
        """Whose part it is: of what was named last, or of the last thing that has one."""
        able = [d for d in self.focus if part in d.kind.parts]
        last = self.sketch.part_with(part)
        return able or ([last] if last is not None else [])

    def _adjective(self, token: Token) -> bool:
        about = self.focus or self.sketch.drafts[:1]
        self.listing = self.listing and token.get("joins", "breaks") is not None
        following = self.cursor.peek(1)
        if token.get("tone") and following is not None and following.get("color"):
            return self._tint(about, lexicon().tones[token.text], token.text)
        if token.get("color") is not None and not token.get("weather"):
            return self._tint(about, None, "")
        if (growth := token.get("comparative", "size")) is not None:
            for draft in about:
                times = float(growth.value)
                draft.size = draft.size * times if growth.role == "comparative" else times
        elif (tone := token.get("shade")) is not None:
            self._shade(tone.value)
        elif not (self._do(about, token) or self._say(about, token)):
            return False
        self.cursor.take()
        return True

    def _do(self, about: list[Draft], token: Token) -> bool:
        """Gives a pose or another trait to what was named."""
        if self.focus and token.get("trait", "verb") and self._show(about, token):
            return True
        doing = _doing(token.text) if not token.get(*SCENE) else None
        return doing is not None and self._show(about, doing)

    def _say(self, about: list[Draft], token: Token) -> bool:
        """What a word says of the whole picture; else, of what it shows first."""
        if (said := token.get(*SCENE)) is not None:
            self.sketch.say(said)
        elif token.get("trait", "verb") and self._show(about, token):
            pass
        elif (setting := token.get("setting")) is not None:
            self.sketch.settle(setting.value)
        else:
            return False
        return True

    def _tint(self, about: list[Draft], tone: tuple[float, float] | None, word: str) -> bool:
        """Gives a colour; one that follows "red and" is the second."""
        if tone is not None:
            self.cursor.take()
        name = self.cursor.take().get("color")
        if name is None:
            return False
        value = colors.named()[name.value]
        color = (
            (colors.toned(value, *tone), f"{word} {name.value}") if tone else (value, name.value)
        )
        if self.scenery:
            self.sketch.palette.append(color[0])
            return True
        for draft in about:
            if self.part is not None:
                draft.add_part(self.part, color, ())
            elif self.fresh:
                draft.colors = [color]
            else:
                draft.add_color(color)
        self.fresh = False
        return True

    def _shade(self, tone: str) -> None:
        """ "Darker": the thing that was named, or the whole picture."""
        if not self.focus or tone not in lexicon().tones:
            self.sketch.palette.append(tone)
            return
        for draft in self.focus:
            if draft.colors:
                value, name = draft.colors[0]
                draft.colors[0] = (colors.toned(value, *lexicon().tones[tone]), f"{tone} {name}")
            else:
                draft.colors = [shade(draft.kind, tone)]

    @staticmethod
    def _show(about: list[Draft], token: Token) -> bool:
        """Gives the first trait of a word that a thing can show; False where none can."""
        values = token.all("trait")
        verb = token.get("verb")
        if verb is not None:
            values = (*values, lexicon().verbs[verb.value].pose)
        able = [(d, [v for v in values if v in d.kind.traits]) for d in about]
        for draft, fitting in able:
            if fitting:
                draft.show(fitting[0])
        return any(fitting for _, fitting in able)


def find(drafts: Iterable[Draft], phrase: Phrase) -> list[Draft]:
    """The things that a phrase names: by kind or category, and by colour where it tells one."""
    noun = phrase.noun
    if noun is None:
        return []
    values = set(noun.all("kind"))
    category = _CATEGORIES.get(noun.text)
    found = [d for d in drafts if d.kind.name in values or d.kind.category == category]
    if not found and values:
        # "The boat" for a sailboat: a kind painted alike, or another word for its category.
        painters = {kinds()[value].painter for value in values}
        found = [d for d in drafts if d.kind.painter in painters and _common(d, values)]
    if phrase.colors:
        names = {name for _, name in phrase.colors}
        told = [d for d in found if names & {name for _, name in d.colors}]
        return told or found
    return found


_CATEGORIES = {
    "animals": "animal",
    "people": "person",
    "plants": "plant",
    "buildings": "building",
    "vehicles": "vehicle",
    "insects": "insect",
    "birds": "bird",
    "furniture": "furniture",
    "food": "food",
}


def _doing(verb: str) -> Token | None:
    """The pose of a verb in its plain form: "make it sleep", "run", "dance"."""
    for form in gerunds(verb):
        readings = tuple(r for r in lexicon().single(form) if r.role in {"trait", "verb"})
        if readings:
            return Token(form, readings)
    return None


def _common(draft: Draft, values: set[str]) -> bool:
    """Whether one of the words is part of the thing's own name, or the other way round."""
    own = {*draft.kind.name.split(), *draft.kind.synonyms}
    return any(value in own or value in draft.kind.name for value in values)
