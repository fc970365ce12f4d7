"""How two things that are named together stand: prepositions, and verbs with an object."""

from __future__ import annotations

from dataclasses import dataclass

from chatsite.backend.illustrator.catalogue import Kind
from chatsite.backend.illustrator.language.sketch import Draft
from chatsite.backend.illustrator.scene import RELATIONS

_HELD = frozenset(
    {"object", "instrument", "food", "toy", "clothing", "plant", "symbol", "animal", "insect"}
    | {"bird", "sea"}
)
_CONTAINERS = frozenset(
    {"bowl", "basket", "vase", "box", "cup", "glass", "bucket", "birdcage", "fishbowl", "bottle"}
    | {"treasure chest", "cauldron", "suitcase", "bathtub", "car", "boat", "pond", "gift", "cart"}
)
_SURFACES = frozenset(
    {"table", "plate", "bookshelf", "cake", "chair", "bed", "sofa", "stove", "rug"}
)
# Links whose object is placed by the subject, and how.
_PLACED = {"contains": "inside", "carries": "on", "led": "in_front_of", "surrounded": "around"}


@dataclass(slots=True)
class Link:
    """A preposition or verb that waits for its object. `kind` is a relation or a verb's link.

    `named` is the thing named right before it, if one was.
    """

    kind: str
    sources: list[Draft]
    word: str
    used: bool = False
    named: Draft | None = None

    def join(self, targets: list[Draft]) -> list[Draft]:
        """Relates the sources and the object; the sources that are not the object itself."""
        self.used = True
        sources = [source for source in self.sources if source not in targets]
        if self.kind in RELATIONS:
            # Beside the moon is under it, unless it is up there too.
            lofty = self.kind == "beside" and all(t.kind.lives == "sky" for t in targets)
            for source in sources:
                under = lofty and source.kind.lives != "sky" and not targets[0].kind.living
                source.relate("under" if under else self.kind, targets)
        else:
            for target in targets if sources else ():
                self._place(target, sources)
        return sources

    def _place(self, target: Draft, sources: list[Draft]) -> None:
        """Places an object by who has it."""
        owner = sources[0]
        if self.kind in {"held", "worn"}:
            target.relate(_held(self.word, target.kind), [owner])
        elif self.kind == "with":
            relation = _with(owner.kind, target.kind)
            if relation is not None:
                target.relate(relation, sources)
                target.loose = True
        elif self.kind in _PLACED and not (owner.kind.living and target.kind.lives == "sky"):
            target.relate(_PLACED[self.kind], sources)


def _holdable(kind: Kind) -> bool:
    """Whether a hand can hold it."""
    return kind.category in _HELD and kind.height <= 1.2 and kind.name not in {"piano", "harp"}


def _with(source: Kind, target: Kind) -> str | None:
    """Where B is, seen from A, in "A with B"; None where each is where it belongs."""
    if (source.lives == "sky") != (target.lives == "sky") and not target.living:
        return "held_by" if source.living and _holdable(target) else None
    if source.name in _CONTAINERS:
        return "inside"
    if source.name in _SURFACES and target.height < max(1.3, source.height):
        return "on"
    if source.living and target.category in {"object", "instrument", "food"} and _holdable(target):
        return "held_by"
    return "beside"


def _held(verb: str, target: Kind) -> str:
    """Whether what somebody has to do with is in the hand: "eating", "playing", "holding"."""
    fits = {"eating": "food", "playing": "instrument"}
    held = _holdable(target) and target.category == fits.get(verb, target.category)
    return "held_by" if held else "beside"
