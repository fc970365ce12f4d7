"""The grammar: from tokens to a sketch, left to right, without going back.

A preposition joins the things named last to the next thing ("a cat on a table under a lamp" puts
the table under the lamp); "and" makes things equal, so that what follows is said of all of them.
"""

from __future__ import annotations

from chatsite.backend.illustrator.language.lexer import Token, tokens, unread
from chatsite.backend.illustrator.language.lexicon import lexicon
from chatsite.backend.illustrator.language.links import Link
from chatsite.backend.illustrator.language.phrase import NOUNS, SCENE, Cursor
from chatsite.backend.illustrator.language.sketch import Draft, Sketch
from chatsite.backend.illustrator.language.things import Things
from chatsite.backend.illustrator.scene import Scene

# Links after which "and" names one more object: "with a hat and a scarf".
_OPEN = frozenset({"with", "held", "worn", "between", "contains", "carries", "surrounded"})

_COLORS = frozenset({"colors", "colours", "tones"})
_GROUNDED = frozenset({"beside", "on", "in_front_of", "behind", "inside", "left_of", "right_of"})


def read(
    prompt: str, *, width: int = 1024, height: int = 1024, seed: int = 0, style: str | None = None
) -> Scene:
    """The scene that a prompt describes; `style` is for when the prompt names none.

    Never fails: what is not understood is in the scene's `ignored`.
    """
    sketch = Sketch()
    read_into(sketch, prompt)
    return sketch.scene(style=style, width=width, height=height, seed=seed)


def read_into(sketch: Sketch, text: str) -> None:
    """Adds what a text says to a sketch; "the fox" is the one that is there already."""
    _Parser(sketch, Cursor(tokens(text))).run()
    if rest := unread(text):
        sketch.ignore(rest)


class _Parser(Things):
    """Reads the words between the things."""

    def run(self) -> None:
        """Reads every token."""
        steps = (
            self._without,
            self._break,
            self._join,
            self._place,
            self._image,
            self._about_scene,
            self._verb,
            self._relation,
            self._with,
            self._trait,
            self._pronoun,
        )
        while (token := self.cursor.peek()) is not None:
            if not any(step(token) for step in steps):
                self.noun(token)
        self._overhead()
        self.close_gaps()

    # Words between the things.

    def _without(self, token: Token) -> bool:
        if not token.get("without"):
            return False
        self.cursor.take()
        self.link = None
        while (word := self.cursor.peek()) is not None:
            joins = word.get("joins") and not self.cursor.is_next("articles", ahead=1)
            if word.get("articles") or joins or word.get("color", "size", "tone"):
                pass
            elif (thing := word.get("kind", "part", "weather", "setting")) is not None:
                if not thing.near:
                    self.sketch.leave_out(thing.value)
            elif word.readings:
                break
            else:
                self.sketch.ignore(word.text)
            self.cursor.take()
        return True

    def _break(self, token: Token) -> bool:
        if not token.get("breaks"):
            return False
        self.cursor.take()
        self._overhead()
        goes_on = token.get("comma") and self.link is not None and self.link.kind in _OPEN
        if self.link is not None and not (goes_on and self.link.used):
            self.link = None
        self.joined, self.recent = False, False
        return True

    def _overhead(self) -> None:
        """ "With gulls above": a preposition without an object."""
        link = self.link
        if link is not None and link.kind == "above" and not link.used and link.named is not None:
            link.named.place, link.named.relation, link.named.targets = "sky", None, []

    def _join(self, token: Token) -> bool:
        if not token.get("joins"):
            return False
        self.cursor.take()
        self._overhead()
        self.joined, self.recent = True, False
        if self.link is not None and not (self.link.used and self.link.kind in _OPEN):
            self.link = None
        return True

    def _place(self, token: Token) -> bool:
        place = token.get("place")
        if place is None or token.get("bodies", "setting"):
            return False
        self.cursor.take()
        self.link = None
        while self.cursor.is_next("comma"):
            self.cursor.take()
        starts = not self.recent and (
            self.cursor.noun_follows(0) or self.cursor.is_next("articles", "number")
        )
        if starts:
            self.place_next = place.value
        for draft in () if starts else self.latest:
            draft.place = draft.place or place.value
        return True

    def _image(self, token: Token) -> bool:
        """ "A painting of": no thing to draw, unless it hangs or stands somewhere itself."""
        if not token.get("images"):
            return False
        ahead = self.cursor.peek(1)
        of = ahead is not None and ahead.get("of") is not None
        hung = ahead is not None and ahead.get("relation") is not None and ahead.text != "in"
        alone = ahead is None and not self.sketch.drafts and not self.sketch.fields
        if token.get("kind") and not of and (self.link is not None or hung or alone):
            return False
        if not of and (token.get("setting") or self.cursor.noun_follows(1)):
            return False
        for role in SCENE:
            if (reading := token.get(role)) is not None:
                self.sketch.say(reading)
        self.cursor.take()
        return True

    def _about_scene(self, token: Token) -> bool:
        following = self.cursor.peek(1)
        if token.get("color") and following is not None and following.text in _COLORS:
            self.cursor.take()
            self.cursor.take()
            self.sketch.palette.append(token.text)
            return True
        reading = token.get(*SCENE)
        if reading is None or token.get(*NOUNS):
            return False
        noun_follows = self.cursor.noun_follows(1)
        if token.get("trait") and (self.recent or noun_follows):
            return False
        if token.get("tone") and (noun_follows or self.cursor.is_next("color", ahead=1)):
            return False
        self.cursor.take()
        self.sketch.say(reading)
        if not self.cursor.noun_follows(0):
            self.link = None
        return True

    def _verb(self, token: Token) -> bool:
        verb = token.get("verb")
        if verb is None or not self.sketch.drafts:
            return False
        if not self.recent and self.cursor.noun_follows(1) and token.get("trait"):
            return False
        self.cursor.take()
        about = lexicon().verbs[verb.value]
        # "A sky full of stars": what is said of a place is said of nothing before it.
        sources = self.group if self.latest or not self.recent else []
        named = self.latest[-1] if self.recent and self.latest else None
        if about.pose or about.link in {"held", "worn"}:
            sources = [d for d in self.group if d.kind.living] or self._living() or self.group
        for draft in sources:
            draft.act(about.pose)
        self.link = Link(about.link, list(sources), verb.value, named=named)
        self.recent = False
        return True

    def _living(self) -> list[Draft]:
        return [d for d in reversed(self.sketch.drafts) if d.kind.living][:1]

    def _relation(self, token: Token) -> bool:
        relation = token.get("relation")
        if relation is None:
            return False
        self.cursor.take()
        named = self.latest[-1] if self.recent and self.latest else None
        # "Under the moon beside a lake": it is not the moon that is beside the lake.
        lofty = bool(self.before) and all(d.kind.lives == "sky" for d in self.group)
        sources = self.before if lofty and relation.value in _GROUNDED else self.group
        self.link = Link(relation.value, list(sources), token.text, named=named)
        self.recent = False
        return True

    def _with(self, token: Token) -> bool:
        if not token.get("with"):
            return False
        self.cursor.take()
        self.link = Link("with", list(self.group), token.text)
        self.recent = False
        return True

    def _trait(self, token: Token) -> bool:
        if not token.get("trait") or (token.get(*NOUNS) and not self.recent):
            return False
        if not self.recent and self.cursor.noun_follows(1):
            return False
        self.cursor.take()
        values = token.all("trait")
        able = [d for d in self.group if any(v in d.kind.traits for v in values)]
        self.sketch.pose(token, able or self.sketch.able(token))
        self.link = None
        return True

    def _pronoun(self, token: Token) -> bool:
        if not token.get("pronouns") or self.cursor.noun_follows(1):
            return False
        self.cursor.take()
        if self.link is not None:
            if self.link.named is not None:
                self.link.sources = [self.link.named]
            others = [d for d in self.sketch.drafts if d not in self.link.sources]
            named = [d for d in self.group if d in others]
            if others:
                meant = named[:1] or self.living_but(self.link.sources) or others[-1:]
                self.attach(self.link, meant)
        self.link = None
        return True
