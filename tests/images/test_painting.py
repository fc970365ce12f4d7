"""Pictures that conversations order: changed and drawn anew by the models that made them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings

from accounts.models import User
from chatsite.backend.errors import InvalidRequest
from chatsite.backend.registry import get_registry
from images.drawing import run_drawing
from images.models import Drawing, Picture
from images.painting import GalleryPainter

if TYPE_CHECKING:
    from tests.servers.upstream import Upstream

pytestmark = pytest.mark.django_db(transaction=True)


def ordered(user: User, words: str, after: Drawing | None = None, *, anew: bool = False) -> Drawing:
    """An order, carried out."""
    order = async_to_sync(GalleryPainter().order)
    identifier = order(user, words, after=after.id if after else None, anew=anew)
    run_drawing(identifier, threading.Event())
    return Drawing.objects.get(id=identifier)


def told(drawing: Drawing) -> tuple[str, str, str]:
    return drawing.operation, drawing.model, drawing.prompt


def test_a_picture_is_changed_and_drawn_anew_by_the_illustrator(alice: User, bob: User) -> None:
    first = ordered(alice, "two boats on a lake")
    changed = ordered(alice, "make it night", first)
    another = ordered(alice, "", changed, anew=True)
    assert [told(drawing) for drawing in (first, changed, another)] == [
        ("generation", "illustrator", "two boats on a lake"),
        ("edit", "illustrator", "make it night"),
        ("variation", "illustrator", "two boats on a lake, make it night"),
    ]
    one, other = (Picture.objects.get(drawing=drawing) for drawing in (changed, another))
    assert (other.parent, other.revised_prompt) == (one, one.revised_prompt)
    assert other.seed != one.seed
    with pytest.raises(InvalidRequest, match="not there any more"):
        ordered(bob, "", first, anew=True)


def test_what_cannot_vary_or_change_draws_the_words_again(
    alice: User, fake_models: Upstream, settings: LazySettings
) -> None:
    fake_models.models = ("dall-e-3",)
    settings.DEFAULT_IMAGE_MODEL = "fake/dall-e-3"
    get_registry.cache_clear()
    first = ordered(alice, "two boats on a lake")
    changed = ordered(alice, "make it night", first)
    another = ordered(alice, "", changed, anew=True)
    assert [told(drawing) for drawing in (first, changed, another)] == [
        ("generation", "fake/dall-e-3", "two boats on a lake"),
        ("generation", "fake/dall-e-3", "two boats on a lake, make it night"),
        ("generation", "fake/dall-e-3", "two boats on a lake, make it night"),
    ]
