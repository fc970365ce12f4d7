"""The things of a prompt: what a noun phrase adds to the sketch, and how it is joined to others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from chatsite.backend.illustrator.catalogue import Kind, kinds
from chatsite.backend.illustrator.language.lexer import Token
from chatsite.backend.illustrator.language.lexicon import Reading, lexicon
from chatsite.backend.illustrator.language.links import Link
from chatsite.backend.illustrator.language.phrase import NOUNS, Cursor, Phrase, read_phrase
from chatsite.backend.illustrator.language.sketch import (
    Draft,
    Sketch,
    shade,
)
from chatsite.backend.illustrator.scene import PALETTES, RELATIONS

# How many a plural without a number stands for.
_SOME = {"star": 12, "aurora": 1, "snowflake": 8, "firefly": 8}


# Things in the sky that one can stand on.
_WORLDS = frozenset({"moon", "mars", "planet"})


@dataclass(slots=True)
class Things:
    """The state of reading one prompt, and what nouns do to it.

    `group` are the things named last, of which more may be said. `link` waits for its object;
    `fronted` is one whose object came first ("on a table, a cat"). `gaps` are phrases whose noun
    is still to come. `latest` are those added
    last, `before` those that were named before `group` was named as
    an object. `joined` is set right after "and", `recent` right after a noun, `closed` when
    something was said of the group that is not said of what follows, `crowd` after "a field of".
    """

    sketch: Sketch
    cursor: Cursor
    group: list[Draft] = field(default_factory=list)
    link: Link | None = None
    fronted: Link | None = None
    gaps: list[Phrase] = field(default_factory=list)
    latest: list[Draft] = field(default_factory=list)
    before: list[Draft] = field(default_factory=list)
    joined: bool = False
    closed: bool = False
    recent: bool = False
    crowd: bool = False
    place_next: str | None = None

    def noun(self, token: Token) -> None:
        before = self.cursor.at
        phrase = read_phrase(self.cursor)
        if self.cursor.at == before:
            self.cursor.take()
            if not token.readings:
                self.sketch.ignore(token.text)
            return
        for reading in phrase.scene:
            self.sketch.say(reading)
        for part in phrase.lacking:
            self.sketch.leave_out(part)
        if phrase.noun is None:
            self._nounless(phrase)
        elif self.cursor.is_next("possessive"):
            self._possessive(phrase)
        elif self._skips(phrase.noun, phrase):
            pass
        elif self._as_part(phrase.noun, phrase) or self._as_setting(phrase.noun, phrase):
            self.recent = True
        else:
            self._as_thing(phrase.noun, phrase)
        self.place_next = None if phrase.noun is not None else self.place_next

    def _nounless(self, phrase: Phrase) -> None:
        """Adjectives without a noun: of a noun to come, or of what was named."""
        for word in phrase.unknown:
            self.sketch.ignore(word)
        if phrase.gap:
            self.gaps.append(phrase)
            return
        about = self.link.sources if self.link is not None else self.group
        if phrase.number is not None and not phrase.unknown:
            self.gaps.append(phrase)
        elif not phrase.unknown:
            for draft in about:
                self._dress(draft, phrase)
        if not (phrase.unknown and self.link is not None and self.link.kind in {"held", "worn"}):
            self.link = None

    def close_gaps(self) -> None:
        """ "Two birds, one red and one white": phrases whose noun came before them."""
        if self.gaps and self.group:
            whole = self.group[-1]
            for phrase in self.gaps:
                part = Draft(whole.kind, phrase.number or 1)
                self._dress(part, phrase)
                part.traits = [*whole.traits, *(t for t in part.traits if t not in whole.traits)]
                if whole.count > part.count:
                    whole.count -= part.count
                    self.sketch.drafts.append(part)
                else:
                    whole.colors = part.colors or whole.colors
        self.gaps = []

    def _possessive(self, phrase: Phrase) -> None:
        """ "The boy's nose" is the boy; of "the king's castle" the king is not drawn."""
        self.cursor.take()
        owned = self.cursor.peek()
        if owned is not None and owned.get("bodies", "part") and phrase.noun is not None:
            self.cursor.take()
            self._as_thing(phrase.noun, phrase)
        elif phrase.noun is not None:
            self.sketch.ignore(phrase.noun.text)

    def _skips(self, noun: Token, phrase: Phrase) -> bool:
        """Parts of a body, edges, families: they stand for somebody who was named.

        So do pictures ("in oil painting"), which are no things unless they hang somewhere.
        """
        alone = not self.sketch.drafts and not self.sketch.fields and self.cursor.peek() is None
        if noun.get("images") and not (self.link or alone or self.cursor.is_next("relation")):
            return phrase.number is None and not phrase.colors
        known = phrase.owner or not noun.get(*NOUNS)
        if known and noun.get("families") and (parents := self._living_named()):
            young = noun.get("young") is not None
            family = Draft(parents[-1].kind, phrase.number or 1, size=0.6 if young else 1.3)
            if young and "baby" in family.kind.traits:
                family.traits.append("baby")
            self._add([family])
            return True
        if noun.get("bodies") and (phrase.owner or not noun.get(*NOUNS)):
            if self.cursor.is_next("of"):
                self.cursor.take()
            elif self.link is not None and phrase.owner:
                self._onto_body(self.link, noun)
            else:
                self.link = None
            return True
        return bool(noun.get("families") and not noun.get(*NOUNS))

    def _living_named(self) -> list[Draft]:
        return [d for d in self.sketch.drafts if d.kind.living]

    def _onto_body(self, link: Link, body: Token) -> None:
        """ "On his shoulder", "in its mouth": what is there belongs to somebody named before."""
        things = [link.named] if link.named is not None else []
        owners = self.living_but(things)
        for draft in things if owners else ():
            draft.relation, draft.targets = None, []
            draft.relate("held_by" if body.get("grasps") else "on", owners)
        self.link = None

    def _as_part(self, noun: Token, phrase: Phrase) -> bool:
        part = noun.get("part")
        if part is None:
            return False
        if self.cursor.is_next("of") and self.link is not None:
            self.cursor.take()
            return True
        link, color = self.link, phrase.color
        sources = link.sources if link is not None and link.kind in {"with", "worn"} else []
        able = [draft for draft in sources if part.value in draft.kind.parts]
        if not able and (phrase.owner or not noun.get("kind")):
            whole = self.sketch.part_with(part.value)
            if link is not None and link.kind in RELATIONS and whole is not None:
                self.attach(link, [whole])
                return True
            able = [whole] if whole is not None and (phrase.owner or link is not None) else []
            if not able and not noun.get("kind"):
                self.sketch.ignore(noun.text)
                return True
        if not able:
            return False
        modifiers = [token.text for token in (*phrase.modifiers, *phrase.traits)]
        modifiers += [word for word in (phrase.sized, phrase.tone) if word]
        for draft in able:
            draft.add_part(part.value, color, modifiers, phrase.number)
        if link is not None:
            link.used = True
        return True

    def _as_setting(self, noun: Token, phrase: Phrase) -> bool:
        setting, thing = noun.get("setting"), noun.get("kind")
        if setting is None or (thing is not None and not self._is_place(phrase, thing.plural)):
            return False
        above = self.link is not None and self.link.kind == "above"
        for draft in self.link.sources if above and self.link is not None else ():
            draft.place = draft.place or "sky"
        named = [m for m in phrase.modifiers if m.get("kind")]
        self.sketch.settle(setting.value, phrase.number)
        self.sketch.palette += [c for _, c in phrase.colors if setting.value != "sky"]
        if phrase.tone in PALETTES:
            self.sketch.palette.append(phrase.tone)
        for token in phrase.traits:
            self.sketch.pose(token, ())
        self.link, self.closed, self.latest = None, True, []
        self.crowd = self.cursor.is_next("of")
        if named and (grown := named[-1].get("kind")) is not None:
            self.group = [Draft(kinds()[grown.value], 5)]
            self.sketch.drafts += self.group
        return True

    def _is_place(self, phrase: Phrase, plural: bool | None) -> bool:
        """Whether a word for a thing and a place ("mountains") means the place here."""
        if phrase.number is not None:
            return False
        inside = self.link is not None and self.link.kind == "inside"
        return plural is not False or inside

    def _as_thing(self, noun: Token, phrase: Phrase) -> None:
        reading = _thing(noun)
        if reading is None or (noun.get("drinks") and self.link and self.link.word == "of"):
            if reading is None:
                self.sketch.ignore(noun.text)
            self.link = None
            return
        kind = kinds()[reading.value]
        if reading.near:
            self.sketch.substitute(noun.text, kind.name)
        if self._again(kind.name, phrase) or self._joins(kind, phrase):
            return
        many = reading.plural or (reading.plural is None and phrase.article is None)
        count = phrase.number if phrase.number is not None else _SOME.get(kind.name, 3)
        if self.crowd and phrase.number is None and phrase.article is None:
            many, count = True, 8
        drafts = []
        for gap in self.gaps:
            drafts.append(Draft(kind, gap.number or 1))
            self._dress(drafts[-1], gap)
        self.gaps, self.crowd = [], False
        last = Draft(kind, count if many or phrase.number is not None else 1)
        self._dress(last, phrase)
        self._modify(last, phrase)
        self._add([*drafts, last])

    def _joins(self, kind: Kind, phrase: Phrase) -> bool:
        """Whether the link makes it no thing of its own: clothes, a statue of it, a world."""
        link = self.link
        if link is None or not link.sources:
            return False
        if link.used and self.joined and phrase.article in {"a", "an"}:
            # "A house with a garden and a man" starts anew; "with a hat and a scarf" goes on.
            own = kind.category == "clothing" or link.kind == "between"
            if not own and (kind.living or link.kind in {"contains", "carries"}):
                self.link = None
                return False
        if phrase.owner and link.named is not None:
            link.sources = [link.named]  # "with flowers in its basket"
        if link.kind == "on" and kind.name in _WORLDS and not phrase.traits:
            self.sketch.settle("moonscape")
            self.link, self.closed = None, True
            return True
        if link.word == "of" and link.sources[-1].kind.name == "statue":
            link.sources[-1].kind, self.link = kind, None
            link.sources[-1].traits.append("stone")
            return True
        fits = link.kind in {"with", "worn"} or link.word in {"in", "under"}
        body = any(draft.kind.living or link.kind != "inside" for draft in link.sources)
        if kind.category != "clothing" or not (fits and body):
            return False
        for draft in link.sources:
            draft.add_part(kind.name, phrase.color, [token.text for token in phrase.traits])
        link.used, self.recent = True, True
        return True

    def _again(self, kind: str, phrase: Phrase) -> bool:
        """ "The dog" after "a dog" is the same one."""
        if phrase.article != "the" or phrase.number is not None or self.gaps:
            return False
        for draft in reversed(self.sketch.drafts):
            if draft.kind.name == kind:
                self._dress(draft, phrase)
                if self.link is not None:
                    self.attach(self.link, [draft])
                else:
                    self.group = self.latest = [draft]
                self.recent = True
                return True
        return False

    def _dress(self, draft: Draft, phrase: Phrase) -> None:
        """Says of a thing what the phrase says."""
        for color in phrase.colors:
            draft.add_color(color)
        if phrase.tone is not None and not phrase.colors:
            draft.add_color(shade(draft.kind, phrase.tone))
        draft.size *= phrase.size
        for token in phrase.traits:
            self.sketch.pose(token, [draft])
        for part, part_color in phrase.parts:
            draft.add_part(part, part_color, ())

    def _modify(self, draft: Draft, phrase: Phrase) -> None:
        """Takes in the nouns before the noun, and the words that nobody knows."""
        for token in phrase.modifiers:
            setting, thing = token.get("setting"), token.get("kind")
            if (setting is None and thing is None) or token.get("families"):
                continue
            if setting is not None:
                self.sketch.hinted = self.sketch.hinted or setting.value
            elif thing is not None and draft.kind.name == "statue":
                draft.kind = kinds()[thing.value]
                draft.traits.append("stone")
            elif thing is not None and thing.value == "toy":
                draft.size *= 0.5
            elif thing is not None and thing.value == draft.kind.name:
                pass
            elif thing is not None and self._grows(thing.value, draft):
                draft.kind = kinds()[thing.value]
            else:
                self.sketch.ignore(token.text)
        for word in phrase.unknown:
            self.sketch.ignore(word)

    @staticmethod
    def _grows(modifier: str, draft: Draft) -> bool:
        """Whether the first noun says it more exactly: "lavender bush", "koi fish"."""
        plant = draft.kind.name in {"bush", "flower", "tree", "grass", "bouquet"}
        first = kinds()[modifier]
        return (plant and first.category == "plant") or first.painter == draft.kind.painter

    def _add(self, drafts: list[Draft]) -> None:
        """Puts new things into the scene, joined to what they were named with."""
        self.sketch.drafts += drafts
        self.latest = [*self.latest, *drafts] if self.joined and not self.closed else list(drafts)
        for draft in drafts:
            draft.place = draft.place or self.place_next
        if self.link is not None and (self.link.sources or self.link.kind not in RELATIONS):
            self.attach(self.link, drafts)
        elif self.link is not None:
            self.fronted, self.link = Link(self.link.kind, drafts, self.link.word), None
            self.group = []
        else:
            if self.fronted is not None and not self.joined:
                for draft in drafts:
                    draft.relate(self.fronted.kind, self.fronted.sources)
                self.fronted = None
            together = self.joined and bool(self.group) and not self.group[-1].targets
            self.group = [*self.group, *drafts] if together and not self.closed else drafts
        self.recent, self.joined, self.closed = True, False, False
        self._contents(drafts)

    def _contents(self, drafts: list[Draft]) -> None:
        """ "A bowl of oranges", "a statue of a lion"."""
        if self.cursor.is_next("of") and drafts:
            self.cursor.take()
            self.link = Link("contains", [drafts[-1]], "of")

    def attach(self, link: Link, targets: list[Draft]) -> None:
        """Relates the link's sources and its object, of which more may be said."""
        sources = link.join(targets)
        if link.kind in RELATIONS:
            verbal = link.word in lexicon().verbs
            self.before, self.group = sources, sources if verbal and sources else targets
            if link.kind != "between":
                self.link = None
        else:
            self.group = sources or targets

    def living_but(self, sources: Sequence[Draft]) -> list[Draft]:
        living = [d for d in self.sketch.drafts if d.kind.living and d not in sources]
        return living[-1:]


def _thing(noun: Token) -> Reading | None:
    """What a noun names: the thing of just that name, else one it is another word for."""
    readings = [r for r in noun.readings if r.role == "kind"]
    exact = [r for r in readings if r.value == noun.text]
    return next(iter(exact or [r for r in readings if not r.near] or readings), None)
