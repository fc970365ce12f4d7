"""Every painter, found by the archetype that a kind names, and what composition asks of them."""

from __future__ import annotations

from chatsite.backend.illustrator.catalogue import Kind
from chatsite.backend.illustrator.painting import (
    birds,
    boats,
    buildings,
    clothes,
    fantasy,
    food,
    furniture,
    headwear,
    heavens,
    insects,
    landforms,
    landmarks,
    objects,
    outdoors,
    people,
    plants,
    quadrupeds,
    sealife,
    symbols,
    treasures,
    vehicles,
)
from chatsite.backend.illustrator.painting.sprite import SPRITES, Sprite

MODULES = (
    birds,
    boats,
    buildings,
    clothes,
    fantasy,
    food,
    furniture,
    headwear,
    heavens,
    insects,
    landforms,
    landmarks,
    objects,
    outdoors,
    people,
    plants,
    quadrupeds,
    sealife,
    symbols,
    treasures,
    vehicles,
)
"""The modules whose painters are registered by importing them."""


def sprite_of(kind: Kind) -> Sprite:
    """The painter of a kind; KeyError where its archetype has none."""
    return SPRITES[kind.painter]


def width_of(kind: Kind) -> float:
    """How many times its height a kind is wide."""
    return sprite_of(kind).width(kind.shape)


def top_of(kind: Kind) -> float:
    """The share of its height at which something stands on it."""
    return sprite_of(kind).top
